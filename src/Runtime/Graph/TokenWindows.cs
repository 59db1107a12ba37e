namespace EdgeVit.Runtime;

/// <summary>Which tokens of a grid attend to each other: those of one window. A window has <c>side * side</c> places, row by row; where it reaches
/// beyond the grid, places are empty.</summary>
/// <param name="Side">Rows and columns of a window.</param>
/// <param name="IsGrid">True for windows of tokens that lie <c>height / side</c> rows and <c>width / side</c> columns apart (the grid attention of
/// MaxViT, Tu et al. 2022); false for blocks of neighbours (Swin, Liu et al. 2021).</param>
/// <param name="Shift">Rows and columns by which blocks are moved down and to the right; those at the border are cut off there. It is what Swin's cyclic
/// shift with its mask computes.</param>
internal sealed record WindowForm(int Side, bool IsGrid, int Shift)
{
    /// <summary>The form of a <see cref="Op.BinaryAttention"/>; null where every query attends to every key.</summary>
    internal static WindowForm? Of(GraphNode node) => node.Attributes.TryGetValue("window", out int side)
        ? new WindowForm(side, node.Attributes.GetValueOrDefault("pattern") == 1, node.Attributes.GetValueOrDefault("shift")) : null;

    /// <summary>Places of a window.</summary>
    internal int Places => Side * Side;
}

/// <summary>The windows of a <see cref="WindowForm"/> on a grid.</summary>
internal sealed class TokenWindows
{
    private readonly int[][] _tokens;
    private readonly int[][] _places;
    private readonly int[] _window;
    private readonly int[] _index;

    /// <summary>The windows of a grid whose sides are multiples of theirs.</summary>
    internal TokenWindows(WindowForm form, int height, int width)
    {
        Form = form;
        (int rows, int columns) = (Along(height), Along(width));
        var tokens = new List<int>[rows * columns];
        var places = new List<int>[rows * columns];
        for (int i = 0; i < tokens.Length; i++)
        {
            (tokens[i], places[i]) = ([], []);
        }

        (_window, _index) = (new int[height * width], new int[height * width]);
        for (int y = 0, token = 0; y < height; y++)
        {
            (int row, int placeRow) = Place(y, height);
            for (int x = 0; x < width; x++, token++)
            {
                (int column, int placeColumn) = Place(x, width);
                int window = (row * columns) + column;
                (_window[token], _index[token]) = (window, tokens[window].Count);
                tokens[window].Add(token);
                places[window].Add((placeRow * form.Side) + placeColumn);
            }
        }

        _tokens = [.. tokens.Select(t => t.ToArray())];
        _places = [.. places.Select(p => p.ToArray())];
    }

    internal WindowForm Form { get; }

    internal int Count => _tokens.Length;

    /// <summary>The tokens of a window, ascending.</summary>
    internal int[] Tokens(int window) => _tokens[window];

    /// <summary>The places of its <see cref="Tokens"/>, ascending.</summary>
    internal int[] Places(int window) => _places[window];

    /// <summary>The window that a token is in.</summary>
    internal int Of(int token) => _window[token];

    /// <summary>Which of its window's <see cref="Tokens"/> it is.</summary>
    internal int Index(int token) => _index[token];

    /// <summary>Windows along a side of the grid.</summary>
    private int Along(int side) => Form.IsGrid ? side / Form.Side : (side / Form.Side) + (Form.Shift > 0 ? 1 : 0);

    /// <summary>The window along a side of the grid and the place in it.</summary>
    private (int Window, int Place) Place(int at, int side)
    {
        if (Form.IsGrid)
        {
            (int place, int window) = int.DivRem(at, side / Form.Side);
            return (window, place);
        }

        return int.DivRem(at + (Form.Shift > 0 ? Form.Side - Form.Shift : 0), Form.Side);
    }
}
