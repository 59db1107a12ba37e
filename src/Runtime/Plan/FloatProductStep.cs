using System.Runtime.Intrinsics;

namespace EdgeVit.Runtime;

/// <summary>A float product: <see cref="Op.Conv2d"/>, and <see cref="Op.Linear"/> as a window of one token.</summary>
internal sealed unsafe class FloatProductStep(
    string name, string kind, int items, RowPasses passes, RowKernel kernel, FloatSource source, float* weights, float* bias, int outputs)
    : RowSourceStep(name, kind, items, 4, passes, 4L * ValueShape.Pad(outputs) * sizeof(float))
{
    private readonly int _outputs = ValueShape.Pad(outputs);

    private protected override int TileTokens => 4;

    private protected override long SourceBytes => 2 * Align(4L * source.Inputs * sizeof(float));

    private protected override void Fill(in ThreadMemory memory, int token, int count, byte* tile, byte* own)
    {
        int inputs = source.Inputs;
        float* values = (float*)own;
        int* indices = (int*)(own + Align(4L * inputs * sizeof(float)));
        bool whole = true;
        for (int i = 0; i < count; i++)
        {
            whole &= source.Gather(memory, token + i, values + ((long)i * inputs), indices) == inputs;
        }

        if (whole)
        {
            for (int i = 0; i < inputs; i++)
            {
                indices[i] = i;
            }

            kernel.Multiply(values, inputs, indices, inputs, weights, bias, _outputs, (float*)tile, count);
            return;
        }

        // At a padded border each token has its own inputs.
        for (int i = 0; i < count; i++)
        {
            int real = source.Gather(memory, token + i, values, indices);
            for (int k = 0; real == inputs && k < inputs; k++)
            {
                indices[k] = k;
            }

            kernel.Multiply(values, inputs, indices, real, weights, bias, _outputs, (float*)tile + ((long)i * _outputs), 1);
        }
    }
}

/// <summary>Where the inputs of a float product come from.</summary>
/// <param name="Shape">The input's shape: an image or tokens.</param>
/// <param name="Offset">Of the tokens in the arena.</param>
/// <param name="OutputWidth">Columns of the product's grid.</param>
/// <param name="Kernel">Rows and columns of a window.</param>
/// <param name="Stride">Step of the windows.</param>
/// <param name="Padding">Rows and columns around the grid that are skipped.</param>
internal sealed unsafe record FloatSource(ValueShape Shape, long Offset, int OutputWidth, int Kernel, int Stride, int Padding)
{
    /// <summary>The inputs of a convolution or linear layer.</summary>
    internal static FloatSource Of(GraphNode head, EvitFile file, ValuePlaces places)
    {
        ValueShape input = file.Shapes[head.Inputs[0]];
        int size = head.Op == Op.Linear ? 1 : file.Tensors[head.Tensors["weight"]].Shape[2];
        long offset = input.Kind == ValueKind.Image ? 0 : places.Offset(head.Inputs[0]);
        int stride = head.Attributes.GetValueOrDefault("stride", 1);
        int padding = head.Attributes.GetValueOrDefault("padding", 0);
        return new FloatSource(input, offset, file.Shapes[head.Output].Width, size, stride, padding);
    }

    /// <summary>True where the grid was copied to <see cref="Offset"/> with the padding around it as zeros.</summary>
    internal bool IsFramed { get; private init; }

    /// <summary>The same windows of such a copy in the arena.</summary>
    internal FloatSource Framed(long offset) => this with { Shape = Frame(Shape, Padding), Offset = offset, Padding = 0, IsFramed = true };

    /// <summary>Bytes of a copy of a value.</summary>
    internal static long FrameBytes(ValueShape value, int padding)
    {
        ValueShape frame = Frame(value, padding);
        return (long)frame.Height * frame.Width * (value.Kind == ValueKind.Image ? value.Channels : ValueShape.Pad(value.Channels)) * sizeof(float);
    }

    private static ValueShape Frame(ValueShape value, int padding) => value with { Height = value.Height + (2 * padding), Width = value.Width + (2 * padding) };

    /// <summary>Inputs of a whole window.</summary>
    internal int Inputs => Shape.Channels * Kernel * Kernel;

    /// <summary>Gathers a window, in the order of the reduction: channel, row, column.</summary>
    /// <param name="memory">The thread's memory.</param>
    /// <param name="token">The window's token.</param>
    /// <param name="values">Receives the inputs inside the grid.</param>
    /// <param name="indices">Receives their places in the window, unless it is a whole one.</param>
    /// <returns>The number of inputs inside the grid.</returns>
    internal int Gather(in ThreadMemory memory, int token, float* values, int* indices)
    {
        bool image = Shape.Kind == ValueKind.Image;
        long channelStep = image ? (long)Shape.Height * Shape.Width : 1;
        long pixelStep = image ? 1 : ValueShape.Pad(Shape.Channels);
        float* source = image ? memory.Input : (float*)(memory.Arena + Offset);
        int top = (token / OutputWidth * Stride) - Padding;
        int left = (token % OutputWidth * Stride) - Padding;
        if (top >= 0 && left >= 0 && top + Kernel <= Shape.Height && left + Kernel <= Shape.Width)
        {
            GatherWhole(source + ((((long)top * Shape.Width) + left) * pixelStep), channelStep, pixelStep, values);
            return Inputs;
        }

        int n = 0;
        int index = 0;
        for (int c = 0; c < Shape.Channels; c++)
        {
            for (int ky = 0; ky < Kernel; ky++)
            {
                int y = top + ky;
                for (int kx = 0; kx < Kernel; kx++, index++)
                {
                    int x = left + kx;
                    if ((uint)y < (uint)Shape.Height && (uint)x < (uint)Shape.Width)
                    {
                        values[n] = source[(c * channelStep) + ((((long)y * Shape.Width) + x) * pixelStep)];
                        indices[n++] = index;
                    }
                }
            }
        }

        return n;
    }

    private void GatherWhole(float* source, long channelStep, long pixelStep, float* values)
    {
        for (int c = 0; c < Shape.Channels; c++)
        {
            for (int ky = 0; ky < Kernel; ky++)
            {
                float* at = source + (c * channelStep) + (ky * Shape.Width * pixelStep);
                int kx = 0;
                for (; pixelStep == 1 && kx + 4 <= Kernel; kx += 4, values += 4)
                {
                    Vector128.Load(at + kx).Store(values);
                }

                for (; kx < Kernel; kx++)
                {
                    *values++ = at[kx * pixelStep];
                }
            }
        }
    }
}
