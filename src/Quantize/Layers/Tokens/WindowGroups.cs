using EdgeVit.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Windows of one size, or the whole grid as one of them.</summary>
/// <param name="Tokens">Window by window.</param>
/// <param name="Windows">How many there are.</param>
/// <param name="Places">The places that they have of a whole window, the same for all.</param>
internal sealed record WindowGroup(long[] Tokens, int Windows, int[] Places);

/// <summary>The windows of a grid in groups of the same places: one where none is moved, else those at corners, edges and in the middle. The tokens of a
/// group are gathered, so that its attention is that of a larger batch of smaller grids.</summary>
internal sealed class WindowGroups
{
    private readonly WindowGroup[] _groups;
    private readonly long[] _back;

    /// <summary>The windows of a grid of so many rows and columns.</summary>
    internal WindowGroups(WindowForm form, int side)
    {
        var windows = new TokenWindows(form, side, side);
        _groups =
        [
            .. Enumerable.Range(0, windows.Count).GroupBy(w => string.Join(' ', windows.Places(w)))
                .Select(g => new WindowGroup([.. g.SelectMany(windows.Tokens).Select(t => (long)t)], g.Count(), windows.Places(g.First()))),
        ];
        _back = new long[side * side];
        long at = 0;
        foreach (long token in _groups.SelectMany(g => g.Tokens))
        {
            _back[token] = at++;
        }
    }

    internal IReadOnlyList<WindowGroup> Groups => _groups;

    /// <summary>The tokens of a group, <c>[B*N, C]</c> → <c>[B*windows*places, C]</c>.</summary>
    internal static Tensor Take(Tensor tokens, WindowGroup group, long batch) => tokens.view(batch, -1, tokens.shape[1]).index_select(1, Index(group.Tokens, tokens)).view(-1, tokens.shape[1]);

    /// <summary>The groups' tokens on the grid again, <c>[B*N, C]</c>.</summary>
    internal Tensor Join(IReadOnlyList<Tensor> parts, long batch)
    {
        long channels = parts[0].shape[1];
        Tensor all = parts.Count == 1 ? parts[0].view(batch, -1, channels) : torch.cat([.. parts.Select(p => p.view(batch, -1, channels))], 1);
        return all.index_select(1, Index(_back, all)).view(-1, channels);
    }

    private static Tensor Index(long[] tokens, Tensor like) => torch.tensor(tokens, device: like.device);
}
