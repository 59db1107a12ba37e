using TorchSharp.Interop;
using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>Gradients and parameters as a whole.</summary>
        public static class utils
        {
            /// <summary>Scales all gradients by the same factor so that their joint norm is at most <paramref name="max_norm"/>.</summary>
            /// <returns>The norm before; not finite when a gradient is not.</returns>
            public static unsafe double clip_grad_norm_(IEnumerable<Parameter> tensors, double max_norm, double norm_type = 2.0)
            {
                Parameter[] all = [.. tensors];
                nint[] handles = Handles(all);
                double norm;
                fixed (nint* p = handles) Native.Check(Native.ev_clip_grad_norm(p, handles.Length, max_norm, norm_type, &norm));
                GC.KeepAlive(all);
                return norm;
            }

            /// <summary>Limits every element of the gradients to [-clip_value, clip_value].</summary>
            public static unsafe void clip_grad_value_(IEnumerable<Parameter> tensors, double clip_value)
            {
                Parameter[] all = [.. tensors];
                nint[] handles = Handles(all);
                fixed (nint* p = handles) Native.Check(Native.ev_clip_grad_value(p, handles.Length, clip_value));
                GC.KeepAlive(all);
            }

            /// <summary>The elements of all parameters in one dimension.</summary>
            public static Tensor parameters_to_vector(IEnumerable<Parameter> tensors)
                => WrappedTensorDisposeScope(() => cat([.. tensors.Select(t => t.reshape(-1))]));

            /// <summary>Copies the elements of a vector into the parameters.</summary>
            public static void vector_to_parameters(Tensor vec, IEnumerable<Parameter> tensors)
            {
                using DisposeScope scope = NewDisposeScope();
                using IDisposable quiet = no_grad();
                long position = 0;
                foreach (Parameter parameter in tensors)
                {
                    parameter.copy_(vec.narrow(0, position, parameter.numel()).view_as(parameter));
                    position += parameter.numel();
                }
            }
        }
    }
}
