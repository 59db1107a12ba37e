using EdgeVit.Runtime;

namespace EdgeVit.Export.Onnx;

/// <summary>Windows of attention in ONNX: tokens are gathered window by window, and windows stand beside the heads, <c>[n, windows * heads, places,
/// size]</c>. Places that a window has beyond the grid hold token 0, and count for nothing.</summary>
internal sealed class OnnxWindows
{
    private readonly TokenWindows _windows;
    private readonly int _heads;
    private readonly int _tokens;
    private readonly int[] _order;
    private readonly string _name;

    private OnnxWindows(WindowForm form, int heads, ValueShape grid)
    {
        (_windows, _heads, _tokens) = (new TokenWindows(form, grid.Height, grid.Width), heads, grid.Tokens);
        _name = $"{form.Side}{(form.IsGrid ? "g" : "b")}{form.Shift}_{grid.Height}x{grid.Width}";
        _order = [.. Enumerable.Repeat(-1, Count * Places)];
        for (int t = 0; t < _tokens; t++)
        {
            int window = _windows.Of(t);
            _order[(window * Places) + _windows.Places(window)[_windows.Index(t)]] = t;
        }
    }

    /// <summary>The windows of a node; null where it has none.</summary>
    public static OnnxWindows? Of(OnnxNode n) => WindowForm.Of(n.Source) is { } form
        ? new OnnxWindows(form, n["heads"], n.To) : null;

    public int Count => _windows.Count;

    /// <summary>Places of a window.</summary>
    public int Places => _windows.Form.Places;

    /// <summary>Heads of all windows.</summary>
    public int Heads => Count * _heads;

    /// <summary>Whether places are empty.</summary>
    public bool IsCutOff => Array.IndexOf(_order, -1) >= 0;

    /// <summary>An input's heads, <c>[n, windows * heads, places, size]</c>, or the last two swapped.</summary>
    /// <param name="n">The node.</param>
    /// <param name="input">Which input.</param>
    /// <param name="order">As of <c>[n, places, heads, size]</c>: 0, 2, then 1 and 3.</param>
    public string Split(OnnxNode n, int input, params long[] order)
    {
        int size = n.To.Channels / _heads;
        string gathered = n.Node("Gather", [n.Input(input), n.Shared($"window_tokens_{_name}", [.. _order.Select(t => (long)Math.Max(t, 0))], _order.Length)], ("axis", 1));
        string parts = n.Node("Reshape", [gathered, n.Sizes(-1, Count, Places, _heads, size)]);
        bool swapped = order[2] > order[3];
        string turned = n.Node("Transpose", [parts], ("perm", (long[])(swapped ? [0, 1, 3, 4, 2] : [0, 1, 3, 2, 4])));
        return n.Node("Reshape", [turned, swapped ? n.Sizes(-1, Heads, size, Places) : n.Sizes(-1, Heads, Places, size)]);
    }

    /// <summary>The counts of all windows as the grid's tokens, <c>[n, N, C]</c>.</summary>
    public string Join(OnnxNode n, string context)
    {
        int size = n.To.Channels / _heads;
        string parts = n.Node("Reshape", [context, n.Sizes(-1, Count, _heads, Places, size)]);
        string rows = n.Node("Reshape", [n.Node("Transpose", [parts], ("perm", (long[])[0, 1, 3, 2, 4])), n.Sizes(-1, Count * Places, n.To.Channels)]);
        long[] places = [.. Enumerable.Range(0, _tokens).Select(t => (long)Array.IndexOf(_order, t))];
        return n.Named("Gather", "counts", [rows, n.Shared($"window_places_{_name}", places, places.Length)], ("axis", 1));
    }

    /// <summary>1 for real keys, and with <paramref name="masked"/> only for those that are not the query itself.</summary>
    public string Met(OnnxNode n, bool masked)
    {
        int rows = masked ? Places : 1;
        var met = new float[Heads * rows * Places];
        for (int i = 0; i < met.Length; i++)
        {
            (int window, int row, int key) = (i / (_heads * rows * Places), i / Places % rows, i % Places);
            met[i] = _order[(window * Places) + key] < 0 || (masked && row == key) ? 0 : 1;
        }

        return n.Shared($"window_keys_{_name}_{_heads}{(masked ? "_others" : "")}", met, 1, Heads, rows, Places);
    }
}
