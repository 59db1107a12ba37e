using System.Buffers.Binary;
using System.Text;

namespace EdgeVit.Runtime.Tests;

/// <summary>Whatever the bytes are: the same logits, or an <see cref="EvitFormatException"/>.</summary>
public class HostileFileTests
{
    private static readonly byte[] s_model = Make();

    [Fact]
    public void EveryTruncationIsNoticed()
    {
        long header = BinaryPrimitives.ReadInt64LittleEndian(s_model);
        var lengths = new List<int> { 0, 1, 7, 8, 9, (int)header + 7, (int)header + 8, (int)header + 9, s_model.Length - 1 };
        lengths.AddRange(SafetensorsFile.Parse(s_model).Tensors.Values.Select(t => EndOf(t)).Where(end => end < s_model.Length));
        var random = new Random(1);
        lengths.AddRange(Enumerable.Range(0, 500).Select(_ => random.Next(s_model.Length)));
        foreach (int length in lengths)
        {
            Assert.Throws<EvitFormatException>(() => EvitFile.Parse(s_model.AsMemory(0, length)));
        }

        Assert.Throws<EvitFormatException>(() => EvitFile.Parse((byte[])[.. s_model, 0]));
    }

    [Fact]
    public void FlippedBytesGiveTheSameLogitsOrAnError()
    {
        float[] expected = Logits(EvitFile.Parse(s_model));
        int same = 0;
        var random = new Random(2);
        long header = BinaryPrimitives.ReadInt64LittleEndian(s_model);
        for (int i = 0; i < 4000; i++)
        {
            // Half of them into the header, where the structure is.
            int at = i % 2 == 0 ? random.Next((int)header + 8) : random.Next(s_model.Length);
            byte[] file = [.. s_model];
            file[at] ^= (byte)(i % 3 == 0 ? random.Next(1, 256) : 1 << random.Next(8));
            try
            {
                EvitFile parsed = EvitFile.Parse(file);
                same++;
                Models.AssertSameBits(expected, Logits(parsed), $"byte {at}");
            }
            catch (EvitFormatException)
            {
            }
        }

        Assert.True(same < 40, $"{same} of 4000 mutations went unnoticed");
    }

    // With a checksum that fits, so that what stands behind it is reached.
    [Fact]
    public void ChangedGraphsNeverCrash()
    {
        (ModelGraph graph, GraphBuilder b) = Network();
        string json = GraphJson.Write(graph);
        var random = new Random(3);
        int valid = 0;
        for (int i = 0; i < 400; i++)
        {
            var text = new StringBuilder(json);
            for (int changes = random.Next(1, 3); changes > 0; changes--)
            {
                int at = random.Next(text.Length);
                switch (random.Next(3))
                {
                    case 0:
                        text[at] = (char)random.Next(32, 127);
                        break;
                    case 1:
                        text[at] = "0123456789"[random.Next(10)];
                        break;
                    default:
                        int from = random.Next(json.Length - 20);
                        text.Remove(at, Math.Min(random.Next(1, 20), text.Length - at)).Insert(at, json.AsSpan(from, random.Next(1, 20)));
                        break;
                }
            }

            try
            {
                Logits(EvitFile.Parse(EvitBytes.Model(graph, b.Tensors, edit: metadata => metadata[MetadataJson.GraphKey] = text.ToString())));
                valid++;
            }
            catch (EvitFormatException)
            {
            }
        }

        Assert.True(valid < 200, $"{valid} of 400 changed graphs were taken");
    }

    [Theory]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,17]}}", "expected 16")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[4,20]}}", "hole")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]},\"b\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[8,24]}}", "overlaps")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}", "has 32 bytes")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2147483647,2147483647,2147483647],\"data_offsets\":[0,16]}}", "more than")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,16]}}", "-1")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[4.5],\"data_offsets\":[0,16]}}", "integer")]
    [InlineData("{\"a\":{\"dtype\":\"F33\",\"shape\":[4],\"data_offsets\":[0,16]}}", "F33")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[-16,0]}}", "data_offsets")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[9223372036854775807,0]}}", "data_offsets")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[4]}}", "data_offsets")]
    [InlineData("{\"a\":7}", "Object")]
    [InlineData("[]", "Object")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,4],\"data_offsets\":[0,16]}}", "dimensions")]
    [InlineData("{\"__metadata__\":{\"a\":1}}", "String")]
    [InlineData("{\"__metadata__\":{\"\\ud800\":\"\"}}", "surrogate")]
    [InlineData("{\"__metadata__\":{\"a\":\"\\udc00\"}}", "surrogate")]
    [InlineData("{\"a\":{\"\\ud800\":1}}", "surrogate")]
    [InlineData("{\"__metadata__\":{},\"__metadata__\":{}}", "twice")]
    [InlineData("{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}", "twice")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}", "twice")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]},\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[16,32]}}", "twice")]
    public void WrongContainersAreExplained(string header, string expected)
    {
        EvitFormatException e = Assert.Throws<EvitFormatException>(() => SafetensorsFile.Parse(EvitBytes.File(header, new byte[32])));
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void DeepJsonAndHugeHeadersAreRefused()
    {
        string deep = new string('[', 100_000) + new string(']', 100_000);
        Assert.Throws<EvitFormatException>(() => SafetensorsFile.Parse(EvitBytes.File(deep, [])));
        (ModelGraph graph, GraphBuilder b) = Network();
        foreach (string key in new[] { MetadataJson.GraphKey, MetadataJson.LabelsKey, MetadataJson.PreprocessKey, MetadataJson.ProvenanceKey, MetadataJson.SelfTestKey })
        {
            Assert.Throws<EvitFormatException>(() => EvitFile.Parse(EvitBytes.Model(graph, b.Tensors, edit: metadata => metadata[key] = deep)));
        }

        byte[] huge = [.. s_model];
        foreach (ulong length in new ulong[] { ulong.MaxValue, long.MaxValue, (ulong)int.MaxValue + 1, (ulong)s_model.Length })
        {
            BinaryPrimitives.WriteUInt64LittleEndian(huge, length);
            Assert.Throws<EvitFormatException>(() => EvitFile.Parse(huge));
        }
    }

    private static int EndOf(SafetensorsTensor tensor)
    {
        Assert.True(System.Runtime.InteropServices.MemoryMarshal.TryGetArray(tensor.Bytes, out ArraySegment<byte> segment));
        return segment.Offset + segment.Count;
    }

    private static float[] Logits(EvitFile file)
    {
        using EvitModel model = EvitModel.Load(file);
        using Session session = model.CreateSession();
        var logits = new float[model.Classes];
        session.RunNchw(SelfTest.Input(1, model.InputShape), logits);
        return logits;
    }

    private static (ModelGraph Graph, GraphBuilder Builder) Network() => BinaryViTGraphs.Build(11, 8, 2, [new(1, 24, 48, 1, 2), new(1, 48, 96, 2, 1)], 3);

    private static byte[] Make()
    {
        (ModelGraph graph, GraphBuilder b) = Network();
        return EvitBytes.Model(graph, b.Tensors);
    }
}
