using System.Text.Json.Nodes;
using EdgeVit.Export;

namespace EdgeVit.Cli;

/// <summary>The attention bits of a photo, which the page's script draws: a token is chosen in one picture, the keys that it attends to are bright in the
/// others, one for each head.</summary>
internal sealed class AttentionFigure(int budget)
{
    private int _left = budget;

    /// <summary>Bytes of bits that a page may hold; layers beyond are in the tables alone.</summary>
    public const int Budget = 4 << 20;

    /// <summary>How many layers of photos were left out for want of room.</summary>
    public int LeftOut { get; private set; }

    public HtmlPart Of(ExplainedPhoto photo, string pictureId)
    {
        var layers = new JsonArray();
        for (int i = 0; i < photo.Image.Attention.Count; i++)
        {
            AttentionMaps maps = photo.Image.Attention[i];
            byte[] bits = maps.Packed();
            if (bits.Length > _left)
            {
                LeftOut++;
                continue;
            }

            _left -= bits.Length;
            layers.Add((JsonNode)new JsonObject
            {
                ["name"] = $"{i + 1}: {Place(maps.Layer, photo.Image.Stages.Count)}, {maps.Layer.Queries} queries, {maps.Layer.Keys} keys{(maps.Layer.WindowText is { Length: > 0 } text ? $", {text}" : "")}",
                ["queries"] = Grid(maps.Layer.Queries),
                ["keys"] = Grid(maps.Layer.Keys),
                ["heads"] = maps.Layer.Heads,
                ["levels"] = maps.Layer.Levels,
                ["states"] = new JsonArray([.. maps.Heads().Select(h => (JsonNode)HeadsSection.Says(h.State))]),
                ["windows"] = maps.WindowOfToken() is { } windows ? new JsonArray([.. windows.Select(w => (JsonNode)w)]) : null,
                ["bits"] = Convert.ToBase64String(bits),
            });
        }

        if (layers.Count == 0)
        {
            return new HtmlPart("<p>The attention of this photo has no room in this page; explain it alone.</p>\n");
        }

        // The patch in which a square costs most, as a first choice that is worth a look.
        (double y, double x) = Occlusion.Middle(photo.Occlusion.Peak(photo.Classes[0]), photo.Occlusion.Grid, 1, 1);
        var data = new JsonObject
        {
            ["picture"] = pictureId,
            ["width"] = photo.Photo.View.Width,
            ["height"] = photo.Photo.View.Height,
            ["y"] = Quantity.Json(y),
            ["x"] = Quantity.Json(x),
            ["layers"] = layers,
        };
        return new HtmlPart($"<div class=\"attention\"><noscript><p>This picture is drawn by the script of this page, which is switched off; the tables say the same in numbers.</p></noscript>"
            + $"<script type=\"application/json\">{data.ToJsonString()}</script></div>\n");
    }

    /// <summary>Where a layer is.</summary>
    public static string Place(AttentionLayer layer, int stages) => layer.Stage < stages ? $"stage {Quantity.Count(layer.Stage + 1)}" : "class attention";

    private static JsonArray Grid(TokenGrid grid) => new(grid.Rows, grid.Columns, grid.Leading);
}
