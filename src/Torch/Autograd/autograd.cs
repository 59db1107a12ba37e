using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Derivatives, and functions with a derivative written in C#.</summary>
    public static partial class autograd
    {
        /// <summary>Accumulates gradients into the leaves of the tensors' graphs.</summary>
        /// <param name="tensors">Where the backward pass starts.</param>
        /// <param name="grad_tensors">Their gradients; may be left out for scalars.</param>
        /// <param name="retain_graph">Keeps the graph for another pass; default: as create_graph.</param>
        /// <param name="create_graph">Records the pass itself, for higher derivatives.</param>
        /// <param name="inputs">The leaves that take part; all when null.</param>
        public static unsafe void backward(IList<Tensor> tensors, IList<Tensor>? grad_tensors = null, bool? retain_graph = null,
            bool create_graph = false, IList<Tensor>? inputs = null)
        {
            nint[] starts = Handles([.. tensors]);
            nint[]? grads = grad_tensors is null ? null : Handles([.. grad_tensors]);
            nint[]? leaves = inputs is null ? null : Handles([.. inputs]);
            fixed (nint* s = starts, g = grads, l = leaves)
            {
                int status = Native.ev_backward(s, starts.Length, g, grads?.Length ?? 0, Native.Flag(retain_graph ?? create_graph),
                    Native.Flag(create_graph), l, leaves?.Length ?? 0);
                GC.KeepAlive(tensors);
                GC.KeepAlive(grad_tensors);
                GC.KeepAlive(inputs);
                Native.Check(status);
            }
        }

        /// <summary>Accumulates gradients into the leaves of a tensor's graph.</summary>
        public static void backward(Tensor tensor, IList<Tensor>? grad_tensors = null, bool? retain_graph = null, bool create_graph = false,
            IList<Tensor>? inputs = null)
            => backward([tensor], grad_tensors, retain_graph, create_graph, inputs);

        /// <summary>The gradients of outputs with respect to inputs, returned instead of accumulated.</summary>
        /// <param name="outputs">What is differentiated.</param>
        /// <param name="inputs">With respect to what.</param>
        /// <param name="grad_outputs">The gradients of the outputs; may be left out for scalars.</param>
        /// <param name="retain_graph">Keeps the graph.</param>
        /// <param name="create_graph">Records the pass itself, for higher derivatives.</param>
        /// <param name="allow_unused">Gives null, instead of an error, for inputs that do not matter.</param>
        public static unsafe IList<Tensor> grad(IList<Tensor> outputs, IList<Tensor> inputs, IList<Tensor>? grad_outputs = null,
            bool retain_graph = false, bool create_graph = false, bool allow_unused = false)
        {
            nint[] from = Handles([.. outputs]);
            nint[] to = Handles([.. inputs]);
            nint[]? grads = grad_outputs is null ? null : Handles([.. grad_outputs]);
            fixed (nint* o = from, i = to, g = grads)
            {
                long count;
                nint* result = Native.ev_gradients(o, from.Length, i, to.Length, g, grads?.Length ?? 0,
                    Native.Flag(retain_graph || create_graph), Native.Flag(create_graph), Native.Flag(allow_unused), &count);
                GC.KeepAlive(outputs);
                GC.KeepAlive(inputs);
                GC.KeepAlive(grad_outputs);
                return Tensor.Many(result, count);
            }
        }
    }
}
