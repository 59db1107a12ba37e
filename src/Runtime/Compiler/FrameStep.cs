namespace EdgeVit.Runtime;

/// <summary>Copies a grid into the arena with zeros around it, so that every window of it is whole: compiled code has its inputs at fixed distances. A product
/// with a zero that was left out changes no sum.</summary>
internal sealed unsafe class FrameStep(string name, FloatSource source, FloatSource frame)
    : PlanStep(name, "Conv2d frame", source.Shape.Kind == ValueKind.Image ? source.Shape.Channels * frame.Shape.Height : frame.Shape.Height, 8)
{
    // An image's channels lie apart, tokens' together.
    private readonly int _pixel = source.Shape.Kind == ValueKind.Image ? 1 : ValueShape.Pad(source.Shape.Channels);

    internal override long ScratchBytes => 0;

    internal override void Run(in ThreadMemory memory, int begin, int end)
    {
        float* from = source.Shape.Kind == ValueKind.Image ? memory.Input : (float*)(memory.Arena + source.Offset);
        int padding = source.Padding, width = source.Shape.Width * _pixel, framed = frame.Shape.Width * _pixel;
        for (int row = begin; row < end; row++)
        {
            var to = new Span<float>((float*)(memory.Arena + frame.Offset) + ((long)row * framed), framed);
            (int channel, int y) = Math.DivRem(row, frame.Shape.Height);
            y -= padding;
            if (y < 0 || y >= source.Shape.Height)
            {
                to.Clear();
                continue;
            }

            to[..(padding * _pixel)].Clear();
            new ReadOnlySpan<float>(from + ((((long)channel * source.Shape.Height) + y) * width), width).CopyTo(to[(padding * _pixel)..]);
            to[((padding * _pixel) + width)..].Clear();
        }
    }
}
