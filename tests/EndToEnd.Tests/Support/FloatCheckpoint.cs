using EdgeVit.Export;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Random tensors of a float vision transformer under the names of timm, with a class token.</summary>
internal static class FloatCheckpoint
{
    public static List<FloatTensor> Tensors(int width, int depth, int imageSize, int patch, int classes, int seed)
    {
        var random = new Random(seed);
        var tensors = new List<FloatTensor>();
        Add("cls_token", 1, 1, width);
        Add("pos_embed", 1, 1 + (imageSize / patch * (imageSize / patch)), width);
        Add("patch_embed.proj.weight", width, 3, patch, patch);
        Add("patch_embed.proj.bias", width);
        for (int l = 0; l < depth; l++)
        {
            Module($"blocks.{l}.norm1", width);
            Module($"blocks.{l}.attn.qkv", 3 * width, width);
            Module($"blocks.{l}.attn.proj", width, width);
            Module($"blocks.{l}.norm2", width);
            Module($"blocks.{l}.mlp.fc1", 4 * width, width);
            Module($"blocks.{l}.mlp.fc2", width, 4 * width);
        }
        Module("norm", width);
        Module("head", classes, width);
        return tensors;

        void Module(string name, params int[] shape)
        {
            Add($"{name}.weight", shape);
            Add($"{name}.bias", shape[0]);
        }

        void Add(string name, params int[] shape)
        {
            float around = name.Contains("norm", StringComparison.Ordinal) && name.EndsWith("weight", StringComparison.Ordinal) ? 1 : 0;
            var data = new float[shape.Aggregate(1, (product, size) => product * size)];
            for (int i = 0; i < data.Length; i++)
            {
                data[i] = around + ((random.NextSingle() - 0.5f) / 5);
            }

            tensors.Add(new FloatTensor(name, shape, data));
        }
    }

    /// <summary>The same network with positions so large that norms of its tokens are rounding errors: no two ways to compute it in 32-bit floats agree.</summary>
    public static List<FloatTensor> Cancelling(int seed)
    {
        List<FloatTensor> tensors = Tensors(width: 64, depth: 1, imageSize: 32, patch: 8, classes: 4, seed);
        float[] positions = tensors.Single(t => t.Name == "pos_embed").Data;
        for (int i = 0; i < positions.Length; i++)
        {
            positions[i] += 1e6f;
        }

        return tensors;
    }
}
