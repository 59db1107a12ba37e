// Draws icon.png, the icon of the packages: an E of bits. Run it at the root:  dotnet run packaging/icon.cs
#:package SkiaSharp
#:package SkiaSharp.NativeAssets.Linux.NoDependencies
using SkiaSharp;

const int Size = 128, Cell = 18, Gap = 4, Margin = (Size - (5 * Cell) - (4 * Gap)) / 2;
string[] rows = ["####.", "#....", "###..", "#....", "####."];

using var bitmap = new SKBitmap(Size, Size);
using var canvas = new SKCanvas(bitmap);
canvas.Clear(SKColors.Transparent);
using var paint = new SKPaint { IsAntialias = true };
Fill(new SKRect(0, 0, Size, Size), 24, "#12263a");
for (int row = 0; row < rows.Length; row++)
{
    for (int column = 0; column < rows[row].Length; column++)
    {
        var cell = SKRect.Create(Margin + (column * (Cell + Gap)), Margin + (row * (Cell + Gap)), Cell, Cell);
        Fill(cell, 4, rows[row][column] == '#' ? "#ffb547" : "#27415c");
    }
}

using SKData png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
using FileStream file = File.Create(Path.Combine("packaging", "icon.png"));
png.SaveTo(file);

void Fill(SKRect rectangle, float radius, string colour)
{
    paint.Color = SKColor.Parse(colour);
    canvas.DrawRoundRect(rectangle, radius, radius, paint);
}
