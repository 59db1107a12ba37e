using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Gradients of parameters, which the fused functions add where they belong themselves: as inputs of the autograd graph each of some hundred small
/// vectors would be a tensor, an edge and a node.</summary>
internal static class LeafGradient
{
    /// <summary>Adds <c>factor * values</c> to a parameter's gradient.</summary>
    internal static void Add(Tensor parameter, ReadOnlySpan<double> values, float factor = 1)
    {
        if (!parameter.requires_grad)
        {
            return;
        }

        using Tensor gradient = Of(parameter);
        Span<float> sums = Lanes.Floats(gradient);
        for (int i = 0; i < sums.Length; i++)
        {
            sums[i] += (float)values[i] * factor;
        }
    }

    /// <summary>The gradient to add to; 0 where there was none.</summary>
    internal static Tensor Of(Tensor parameter) => parameter.grad ?? (parameter.grad = torch.zeros(parameter.shape));
}

/// <summary>Tensors that the forward pass of a fused function made for its backward pass alone: disposed of as soon as that has used them, so that the next
/// function finds their memory in the cache. A scope around the step disposes of what is left.</summary>
internal sealed class SavedTensors(params Tensor[] tensors)
{
    internal Tensor this[int index] => tensors[index];

    internal void Release()
    {
        foreach (Tensor tensor in tensors)
        {
            tensor.Dispose();
        }
    }
}
