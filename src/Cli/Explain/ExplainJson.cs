using System.Text.Json.Nodes;
using EdgeVit.Export;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>The numbers of a page for programs; <c>docs/explain.md</c> describes them.</summary>
internal static class ExplainJson
{
    public static JsonObject Of(EvitModel model, NetworkLayout layout, IReadOnlyList<ExplainedPhoto> photos, DataStudy? study, IReadOnlyList<ChannelImages> channels) => new()
    {
        ["model"] = new JsonObject { ["name"] = model.File.Graph.Name, ["sha256"] = model.File.Sha256, ["bytes"] = model.File.Bytes },
        ["float_attention_layers"] = layout.FloatAttention,
        ["photos"] = List(photos, p => Photo(model, p)),
        ["data"] = study is null ? null : Data(model, study, channels),
    };

    private static JsonObject Photo(EvitModel model, ExplainedPhoto photo) => new()
    {
        ["source"] = photo.Photo.Source,
        ["kernel"] = photo.Kernel,
        ["logits_equal"] = true,
        ["top"] = PredictionText.Json(Prediction.Top(photo.Logits, model.Labels, Math.Min(5, model.Classes))),
        ["occlusion"] = new JsonObject
        {
            ["grid"] = photo.Occlusion.Grid,
            ["square"] = photo.Occlusion.Side,
            ["colour"] = new JsonArray(photo.Occlusion.Colour.R, photo.Occlusion.Colour.G, photo.Occlusion.Colour.B),
            ["classes"] = List(photo.Classes, c => Class(model, photo, c)),
        },
        ["attention"] = List(photo.Image.Attention, Layer),
        ["stages"] = List(photo.Image.Stages, s => new JsonObject
        {
            ["rows"] = s.Stage.Grid.Rows,
            ["columns"] = s.Stage.Grid.Columns,
            ["channels"] = s.Stage.Channels,
            ["lengths"] = Numbers(s.Lengths),
        }),
        ["rollout"] = photo.Image.Rollout is { } rollout ? new JsonObject
        {
            ["rows"] = rollout.Grid.Rows,
            ["columns"] = rollout.Grid.Columns,
            ["layers"] = rollout.Layers,
            ["shares"] = Numbers(rollout.Shares),
        } : null,
    };

    private static JsonObject Class(EvitModel model, ExplainedPhoto photo, int index)
    {
        int peak = photo.Occlusion.Peak(index);
        (double y, double x) = Occlusion.Middle(peak, photo.Occlusion.Grid, 1, 1);
        return new JsonObject
        {
            ["label"] = model.Labels[index],
            ["probability"] = Quantity.Json(photo.Probability(index), 6),
            ["peak"] = new JsonObject { ["x"] = Quantity.Json(x), ["y"] = Quantity.Json(y), ["drop"] = Quantity.Json(photo.Occlusion.Drop(peak, index)) },
            ["drops"] = new JsonArray([.. Enumerable.Range(0, photo.Occlusion.Covered.Count).Select(p => Quantity.Json(photo.Occlusion.Drop(p, index)))]),
        };
    }

    private static JsonObject Layer(AttentionMaps maps) => new()
    {
        ["node"] = maps.Layer.Node.Name,
        ["stage"] = maps.Layer.Stage + 1,
        ["queries"] = Grid(maps.Layer.Queries),
        ["keys"] = Grid(maps.Layer.Keys),
        ["levels"] = maps.Layer.Levels,
        ["own_token_left_out"] = maps.Layer.MasksDiagonal,
        ["windows"] = maps.WindowOfToken() is { } windows ? new JsonArray([.. windows.Select(w => (JsonNode)w)]) : null,
        ["bias"] = maps.Layer.HasBias,
        ["distance_of_all_keys"] = Quantity.Json(maps.EvenDistance()),
        ["heads"] = List(maps.Heads(), h => new JsonObject
        {
            ["keys_on"] = Quantity.Json(h.Share),
            ["distance"] = Quantity.Json(h.Distance),
            ["state"] = h.State switch { HeadState.AllOn => "all_on", HeadState.AllOff => "all_off", HeadState.SameKeys => "same_keys", _ => "mixed" },
        }),
        ["bits"] = maps.BitCount <= 8L * AttentionFigure.Budget ? Convert.ToBase64String(maps.Packed()) : null,
    };

    private static JsonObject Grid(TokenGrid grid) => new() { ["rows"] = grid.Rows, ["columns"] = grid.Columns, ["leading"] = grid.Leading };

    private static JsonObject Data(EvitModel model, DataStudy study, IReadOnlyList<ChannelImages> channels) => new()
    {
        ["name"] = study.Data.Name,
        ["images"] = study.Images.Count,
        ["correct"] = study.Correct,
        ["top1"] = Quantity.Json(100.0 * study.Correct / study.Images.Count),
        ["confusion"] = List([.. study.Images.GroupBy(i => (i.Label, i.Predicted)).OrderBy(g => g.Key)], g => new JsonObject
        {
            ["label"] = model.Labels[g.Key.Label],
            ["predicted"] = model.Labels[g.Key.Predicted],
            ["images"] = g.Count(),
        }),
        ["mistakes"] = List([.. study.WrongFirst().TakeWhile(i => i.Label != i.Predicted)], i => Image(model, study, i)),
        ["low_pass"] = List([.. study.LowPass, study.Unfiltered], a => new JsonObject
        {
            ["radius"] = a.Radius == 0 ? null : a.Radius,
            ["images"] = a.Images,
            ["correct"] = a.Correct,
        }),
        ["channels"] = List(channels, c => new JsonObject
        {
            ["stage"] = c.Stage + 1,
            ["channel"] = c.Channel,
            ["variance_ratio"] = Quantity.Json(c.Ratio),
            ["images"] = List(c.Images, i => Image(model, study, i)),
        }),
    };

    private static JsonObject Image(EvitModel model, DataStudy study, StudiedImage image) => new()
    {
        ["source"] = study.Data.SourceName(image.Index),
        ["label"] = model.Labels[image.Label],
        ["predicted"] = model.Labels[image.Predicted],
        ["probability"] = Quantity.Json(image.Probability),
    };

    private static JsonArray List<T>(IReadOnlyList<T> items, Func<T, JsonObject> item) => new([.. items.Select(i => (JsonNode)item(i))]);

    private static JsonArray Numbers(float[] values) => new([.. values.Select(v => Quantity.Json(v))]);
}
