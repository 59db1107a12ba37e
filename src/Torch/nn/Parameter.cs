namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            /// <summary>A parameter that takes over a tensor, which becomes invalid.</summary>
            public static Modules.Parameter Parameter(Tensor data, bool requires_grad = true) => new(data, requires_grad);
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>A tensor that an optimizer trains.</summary>
    public class Parameter : torch.Tensor
    {
        /// <summary>Takes over a tensor, which becomes invalid.</summary>
        public Parameter(torch.Tensor data, bool requires_grad = true) : base(data.requires_grad_(requires_grad).MoveHandle())
        {
        }
    }
}
