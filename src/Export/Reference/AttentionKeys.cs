using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>Which keys a query of binary attention meets, and the place of each in its window: all keys by their number, or those of the query's window.
/// The runtime's <see cref="TokenWindows"/> say the same in lists; this is the definition.</summary>
internal sealed class AttentionKeys
{
    private readonly int[]? _all;
    private readonly Dictionary<(int, int), List<int>> _windows = [];
    private readonly (int Row, int Column)[] _window = [];
    private readonly int[] _place = [];

    public AttentionKeys(WindowForm? form, ValueShape query, int keys)
    {
        if (form is null)
        {
            _all = [.. Enumerable.Range(0, keys)];
            return;
        }

        (_window, _place) = (new (int, int)[query.Tokens], new int[query.Tokens]);
        for (int t = 0; t < query.Tokens; t++)
        {
            (int row, int y) = Along(form, t / query.Width, query.Height);
            (int column, int x) = Along(form, t % query.Width, query.Width);
            (_window[t], _place[t]) = ((row, column), (y * form.Side) + x);
            if (!_windows.TryGetValue((row, column), out List<int>? tokens))
            {
                _windows[(row, column)] = tokens = [];
            }

            tokens.Add(t);
        }
    }

    /// <summary>The keys, ascending.</summary>
    public IReadOnlyList<int> Of(int query) => _all ?? (IReadOnlyList<int>)_windows[_window[query]];

    /// <summary>A token's row or column in the bias.</summary>
    public int Place(int token) => _all is null ? _place[token] : token;

    /// <summary>Of a row or column of the grid, which window it is in and its place there.</summary>
    private static (int Window, int Place) Along(WindowForm form, int at, int side)
    {
        if (form.IsGrid)
        {
            int apart = side / form.Side;
            return (at % apart, at / apart);
        }

        int from = at - form.Shift;
        int window = (int)Math.Floor((double)from / form.Side);
        return (window, from - (window * form.Side));
    }
}
