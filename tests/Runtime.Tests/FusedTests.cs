using System.Runtime.Intrinsics;

namespace EdgeVit.Runtime.Tests;

/// <summary>What programs without an instruction for it, or without AVX2 compiled in, compute with, against the scalar twins.</summary>
public sealed unsafe class FusedTests
{
    [Fact]
    public void FusedMultiplyAddsInDoublesAreRoundedOnce()
    {
        for (int seed = 0; seed < 200_000; seed++)
        {
            var random = new Random(seed);
            float[] a = [.. Enumerable.Range(0, 4).Select(_ => Number(random))], b = [.. Enumerable.Range(0, 4).Select(_ => Number(random))];
            float[] c = [.. a.Zip(b, (x, y) => random.Next(3) == 0 ? Number(random) : Near(x, y, random))];
            Vector128<float> found = Fused.InDoubles(Vector128.Create(a), Vector128.Create(b), Vector128.Create(c));
            for (int i = 0; i < 4; i++)
            {
                float expected = MathF.FusedMultiplyAdd(a[i], b[i], c[i]);
                Assert.True(
                    float.IsNaN(expected) ? float.IsNaN(found[i]) : BitConverter.SingleToInt32Bits(expected) == BitConverter.SingleToInt32Bits(found[i]),
                    $"{a[i]:R} * {b[i]:R} + {c[i]:R}: expected {expected:R}, found {found[i]:R}");
            }
        }
    }

    /// <summary>The sum is a little beside the middle of two floats, where rounding to a double first would find the middle itself.</summary>
    [Theory]
    [InlineData(0x3F800001, 0x3F800001, 0x21800000)]
    [InlineData(0x3F800001, 0x30FFFFFF, 0x3F800000)]
    [InlineData(0x3F800001, 0x33FFFFFF, 0x3F800000)]
    [InlineData(0x00000300, 0x3B400000, 0x00000001)]
    [InlineData(0x7F7FFFFF, 0x3F800001, 0x73000000)]
    public void NearTheMiddleOfTwoFloats(int a, int b, int c)
    {
        (float x, float y, float z) = (BitConverter.Int32BitsToSingle(a), BitConverter.Int32BitsToSingle(b), BitConverter.Int32BitsToSingle(c));
        foreach ((float s, float t) in new[] { (x, z), (-x, z), (x, -z), (-x, -z) })
        {
            Assert.Equal(
                BitConverter.SingleToInt32Bits(MathF.FusedMultiplyAdd(s, y, t)),
                BitConverter.SingleToInt32Bits(Fused.InDoubles(Vector128.Create(s), Vector128.Create(y), Vector128.Create(t))[3]));
        }
    }

    [Fact]
    public void CompiledProductsOfRowsHaveThePlainOnesBits()
    {
        Assert.SkipUnless(ProcessorFeatures.HasAvx2 && ExecutableMemory.IsAllowed && !OperatingSystem.IsWindows(), "this processor lacks AVX2");
        var compiled = new CompiledRowKernel(new LaneRowKernel<Lanes128, Vector128<float>>());
        var plain = new LaneRowKernel<Lanes1, float>();
        var random = new Random(3);
        foreach (int outputs in new[] { 64, 128, 1024 })
        {
            foreach (int count in new[] { 0, 1, 2, 27, 256 })
            {
                for (int tokens = 1; tokens <= 4; tokens++)
                {
                    int stride = count + random.Next(3), inputs = count + 5;
                    using NativeBuffer values = Floats(tokens * (stride + 1), random), weights = Floats(inputs * outputs, random), bias = Floats(outputs, random);
                    using NativeBuffer expected = Floats(4 * outputs, random), found = new(4 * outputs * sizeof(float));
                    new ReadOnlySpan<byte>((void*)expected.Pointer, 4 * outputs * sizeof(float)).CopyTo(new Span<byte>((void*)found.Pointer, 4 * outputs * sizeof(float)));
                    int[] indices = [.. Enumerable.Range(0, inputs).OrderBy(_ => random.Next()).Take(count).Order(), 0];
                    fixed (int* index = indices)
                    {
                        plain.Multiply((float*)values.Pointer, stride, index, count, (float*)weights.Pointer, (float*)bias.Pointer, outputs, (float*)expected.Pointer, tokens);
                        compiled.Multiply((float*)values.Pointer, stride, index, count, (float*)weights.Pointer, (float*)bias.Pointer, outputs, (float*)found.Pointer, tokens);
                    }

                    // Rows behind the last token are left alone.
                    Assert.True(
                        new ReadOnlySpan<int>((void*)expected.Pointer, 4 * outputs).SequenceEqual(new ReadOnlySpan<int>((void*)found.Pointer, 4 * outputs)),
                        $"{outputs} outputs, {count} inputs, {tokens} tokens");
                }
            }
        }
    }

    private static NativeBuffer Floats(int count, Random random)
    {
        var buffer = new NativeBuffer(Math.Max(1, count) * sizeof(float));
        for (int i = 0; i < count; i++)
        {
            ((float*)buffer.Pointer)[i] = (float)(random.NextDouble() - 0.5);
        }

        return buffer;
    }

    /// <summary>Any float, some of few bits.</summary>
    private static float Number(Random random) => random.Next(4) switch
    {
        0 => BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue)),
        1 => random.Next(-16, 17) * MathF.Pow(2, random.Next(-149, 120)),
        _ => (float)(random.NextDouble() - 0.5) * MathF.Pow(2, random.Next(-40, 40)),
    };

    /// <summary>What nearly cancels a product, or lies around the last bits of it.</summary>
    private static float Near(float a, float b, Random random) =>
        (float)(-(double)a * b * (1 + (random.Next(-3, 4) * Math.Pow(2, -random.Next(20, 30))))) * MathF.Pow(2, random.Next(2) * random.Next(-50, 50));
}
