namespace EdgeVit.Export;

/// <summary>Where tokens lie in the picture: <see cref="Leading"/> ones without a place (class tokens, registers), then <see cref="Rows"/> x
/// <see cref="Columns"/> patches, row-major.</summary>
internal readonly record struct TokenGrid(int Rows, int Columns, int Leading)
{
    public int Patches => Rows * Columns;

    public int Tokens => Leading + Patches;

    /// <summary>The middle of a patch, in shares of the picture's height and width; null for a token without a place.</summary>
    public (double Y, double X)? Place(int token) => token < Leading ? null
        : ((((token - Leading) / Columns) + 0.5) / Rows, (((token - Leading) % Columns) + 0.5) / Columns);

    /// <summary>As on a page: <c>8 x 8</c>, <c>1 + 14 x 14</c>.</summary>
    public override string ToString() => (Leading, Patches) switch
    {
        (0, _) => $"{Rows} x {Columns}",
        (_, 0) => $"{Leading}",
        _ => $"{Leading} + {Rows} x {Columns}",
    };
}
