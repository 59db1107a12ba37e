using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>Whether the tensor was made by the user, not by a differentiable operation.</summary>
        public bool is_leaf
        {
            get
            {
                bool result = Native.ev_is_leaf(H) != 0;
                GC.KeepAlive(this);
                return result;
            }
        }

        /// <summary>Whether operations on the tensor are recorded for backward().</summary>
        public bool requires_grad
        {
            get
            {
                bool result = Native.ev_requires_grad(H) != 0;
                GC.KeepAlive(this);
                return result;
            }
            set => Self(Native.ev_set_requires_grad(H, Native.Flag(value)));
        }

        /// <summary>Sets <see cref="requires_grad"/> and returns this tensor.</summary>
        public Tensor requires_grad_(bool requires_grad = true) => Self(Native.ev_set_requires_grad(H, Native.Flag(requires_grad)));

        /// <summary>Sets <see cref="requires_grad"/> and returns this tensor.</summary>
        public Tensor with_requires_grad(bool requires_grad = true) => requires_grad_(requires_grad);

        /// <summary>Keeps the gradient of a tensor that is not a leaf, too.</summary>
        public void retain_grad() => Self(Native.ev_retain_grad(H));

        /// <summary>The gradient that backward() accumulated, or null. Every read makes a new object for the same gradient.</summary>
        public unsafe Tensor? grad
        {
            get
            {
                nint result = 0;
                int status = Native.ev_grad(H, &result);
                GC.KeepAlive(this);
                Native.Check(status);
                return status == 0 ? null : new Tensor(result);
            }
            set => Self(Native.ev_set_grad(H, value is null ? 0 : value.H), value);
        }

        /// <summary>Accumulates the gradients of a scalar into the leaves of its graph, and frees the graph.</summary>
        public void backward() => autograd.backward([this]);

        /// <summary>Accumulates gradients into the leaves, or only into <paramref name="inputs"/>.</summary>
        /// <param name="grad_tensors">The gradient of this tensor; may be left out for a scalar.</param>
        /// <param name="retain_graph">Keeps the graph for another backward pass.</param>
        /// <param name="create_graph">Records the backward pass itself, for higher derivatives.</param>
        /// <param name="inputs">The leaves that take part; all when null.</param>
        public void backward(IList<Tensor>? grad_tensors = null, bool retain_graph = false, bool create_graph = false,
            IList<Tensor>? inputs = null)
            => autograd.backward([this], grad_tensors, retain_graph || create_graph, create_graph, inputs);

        /// <summary>A tensor with the same memory, outside the graph.</summary>
        public Tensor detach() => New(Native.ev_detach(H), this);

        /// <summary>Takes this tensor out of the graph.</summary>
        public Tensor detach_() => Self(Native.ev_detach_(H));
    }
}
