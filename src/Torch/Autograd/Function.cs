using System.Runtime.InteropServices;
using System.Text;
using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static partial class autograd
    {
        /// <summary>What libtorch's callbacks need of a function, whatever its type.</summary>
        public abstract class Function
        {
            internal Function()
            {
            }

            /// <summary>The function's name in messages.</summary>
            public abstract string Name { get; }

            internal abstract List<Tensor> BackwardAll(AutogradContext context, List<Tensor> gradOutputs);
        }

        /// <summary>
        /// An operation whose forward and backward passes are written in C#. Derive from the single or the multi version.
        /// </summary>
        /// <typeparam name="T">The deriving class itself.</typeparam>
        public abstract class Function<T> : Function where T : Function<T>, new()
        {
            private static readonly T s_instance = new();
            private static readonly byte[] s_name = Encoding.UTF8.GetBytes(s_instance.Name + '\0');

            internal abstract List<Tensor> ForwardAll(AutogradContext context, object[] arguments);

            internal static List<Tensor> ApplyAll(object[] arguments)
            {
                var context = new AutogradContext { Owner = s_instance, IsTensor = new bool[arguments.Length] };
                var inputs = new List<Tensor>(arguments.Length);
                bool executable = false;
                for (int i = 0; i < arguments.Length; i++)
                {
                    if (arguments[i] is not Tensor { IsInvalid: false } tensor) continue;
                    context.IsTensor[i] = true;
                    inputs.Add(tensor);
                    executable |= tensor.requires_grad;
                }
                executable &= is_grad_enabled();
                using DisposeScope scope = NewDisposeScope();
                List<Tensor> outputs;
                using (no_grad()) outputs = s_instance.ForwardAll(context, arguments);
                if (executable || context.Dirty.Count > 0) Wrap(context, inputs, outputs, executable);
                foreach (Tensor output in outputs)
                    if (output is not null) scope.MoveToOuter(output);
                return outputs;
            }

            private static unsafe void Wrap(AutogradContext context, List<Tensor> inputs, List<Tensor> outputs, bool executable)
            {
                ManagedBackward.Register();
                nint[] input = Handles(inputs), output = Handles(outputs), saved = Handles(context.Saved), dirty = Handles(context.Dirty),
                    constant = Handles(context.Constant);
                nint* results = stackalloc nint[outputs.Count];
                GCHandle handle = executable ? GCHandle.Alloc(context) : default;
                int status;
                fixed (byte* name = s_name)
                fixed (nint* i = input, o = output, s = saved, d = dirty, c = constant)
                {
                    var call = new NativeFunction
                    {
                        Context = executable ? GCHandle.ToIntPtr(handle) : 0,
                        Name = name,
                        Inputs = i,
                        InputCount = input.Length,
                        Outputs = o,
                        OutputCount = output.Length,
                        Saved = s,
                        SavedCount = executable ? saved.Length : 0,
                        Dirty = d,
                        DirtyCount = dirty.Length,
                        Constant = c,
                        ConstantCount = constant.Length,
                        Materialize = Native.Flag(context.MaterializeGrads),
                        Executable = Native.Flag(executable),
                    };
                    status = Native.ev_function_wrap(&call, results);
                }
                GC.KeepAlive(inputs);
                context.DropTensors();
                if (status < 0)
                {
                    if (executable) handle.Free();
                    throw Native.Error();
                }
                for (int k = 0; k < outputs.Count; k++)
                    if (results[k] != 0) outputs[k] = new Tensor(results[k]);
            }
        }

        /// <summary>A function of one output.</summary>
        /// <typeparam name="T">The deriving class itself.</typeparam>
        public abstract class SingleTensorFunction<T> : Function<T> where T : SingleTensorFunction<T>, new()
        {
            /// <summary>Runs the function; arguments are tensors and anything else.</summary>
            public static Tensor apply(params object[] vars) => ApplyAll(vars)[0];

            /// <summary>Computes the output, outside the graph.</summary>
            public abstract Tensor forward(AutogradContext ctx, params object[] vars);

            /// <summary>One gradient per argument of apply(), null where there is none.</summary>
            public abstract List<Tensor> backward(AutogradContext ctx, Tensor grad_output);

            internal sealed override List<Tensor> ForwardAll(AutogradContext context, object[] arguments) => [forward(context, arguments)];

            internal sealed override List<Tensor> BackwardAll(AutogradContext context, List<Tensor> gradOutputs)
                => backward(context, gradOutputs[0]);
        }

        /// <summary>A function of several outputs.</summary>
        /// <typeparam name="T">The deriving class itself.</typeparam>
        public abstract class MultiTensorFunction<T> : Function<T> where T : MultiTensorFunction<T>, new()
        {
            /// <summary>Runs the function; arguments are tensors and anything else.</summary>
            public static List<Tensor> apply(params object[] vars) => ApplyAll(vars);

            /// <summary>Computes the outputs, outside the graph.</summary>
            public abstract List<Tensor> forward(AutogradContext ctx, params object[] vars);

            /// <summary>One gradient per argument of apply(), null where there is none.</summary>
            public abstract List<Tensor> backward(AutogradContext ctx, List<Tensor> grad_outputs);

            internal sealed override List<Tensor> ForwardAll(AutogradContext context, object[] arguments) => forward(context, arguments);

            internal sealed override List<Tensor> BackwardAll(AutogradContext context, List<Tensor> gradOutputs)
                => backward(context, gradOutputs);
        }
    }
}
