using System.Globalization;
using EdgeVit.Export;
using EdgeVit.Export.Charts;

namespace EdgeVit.Cli;

/// <summary>What is told about one photo.</summary>
internal static class PhotoSection
{
    public static IEnumerable<ReportBlock> Of(ExplainedPhoto photo, IReadOnlyList<string> labels, PagePictures pictures, AttentionFigure attention)
    {
        string id = pictures.Add(photo.Photo.View);
        (int width, int height) = (photo.Photo.View.Width, photo.Photo.View.Height);
        int predicted = photo.Classes[0];
        yield return new Paragraph($"The answer is {labels[predicted]}, {OcclusionFigure.Percent(photo.Probability(predicted))}.");
        yield return new Verdict(true, $"{photo.Logits.Length} of {photo.Logits.Length} logits equal, bit for bit",
        [
            $"The reference interpreter computed what is drawn here; its logits are those of the kernels ({photo.Kernel}).",
        ]);
        yield return new Heading(3, "Occlusion");
        yield return new Group(
        [
            OcclusionFigure.Of(photo, labels, id),
            new HtmlPart($"<figure><figcaption>What the network sees</figcaption>\n{PagePictures.Show(id, width, height, "The photo, cut as the network sees it")}\n"
                + $"<p>{photo.Width} x {photo.Height} pixels are computed with{(width > photo.Width ? "; more are shown" : "")}.</p></figure>\n"),
            new Tabular(OcclusionFigure.Table(photo, labels)),
        ]);
        yield return new Heading(3, "Patches");
        yield return new Paragraph("The length of each token at the end of a stage, root of the mean square over its channels: bright patches carry most.");
        yield return new Group([.. photo.Image.Stages.Select((stage, i) => Stage(stage, i, photo, pictures)), .. Rollout(photo, pictures)]);
        if (photo.Image.Attention.Count > 0)
        {
            yield return new Heading(3, "Attention, bit by bit");
            yield return new Paragraph("Choose a token in the first picture: click or tap it, or move with the arrow keys. In the others, one for each head, the keys that it attends to stay bright.");
            yield return attention.Of(photo, id);
        }
    }

    private static HtmlPart Stage(StageMap map, int index, ExplainedPhoto photo, PagePictures pictures)
    {
        string facts = string.Create(CultureInfo.InvariantCulture, $"{map.Stage.Channels} channels, lengths {map.Lengths.Min():G3} to {map.Lengths.Max():G3}");
        return Map($"Stage {Quantity.Count(index + 1)}, {map.Stage.Grid} tokens", facts, map.Lengths, map.Stage.Grid, photo, pictures);
    }

    private static IEnumerable<ReportBlock> Rollout(ExplainedPhoto photo, PagePictures pictures)
    {
        if (photo.Image.Rollout is { } rollout)
        {
            string facts = $"How much of each patch reaches the class token over {rollout.Layers} {(rollout.Layers == 1 ? "layer" : "layers")}, half of a layer's output taken as what came in"
                + (rollout.FromMean ? "; what the stages before it mixed is not in it." : ".");
            yield return Map("Rollout of the class token", facts, rollout.Shares, rollout.Grid, photo, pictures);
        }
    }

    private static HtmlPart Map(string caption, string facts, float[] values, TokenGrid grid, ExplainedPhoto photo, PagePictures pictures)
    {
        string id = pictures.Add(MapPicture.Of(values, grid.Rows, grid.Columns));
        int most = Array.IndexOf(values, values.Max());
        string says = $"{caption}: most in row {(most / grid.Columns) + 1} of {grid.Rows}, column {(most % grid.Columns) + 1} of {grid.Columns}";
        string drawing = string.Create(CultureInfo.InvariantCulture,
            $"<svg role=\"img\" viewBox=\"0 0 {photo.Photo.View.Width} {photo.Photo.View.Height}\"><title>{Svg.Escape(says)}</title><g transform=\"scale({(double)photo.Photo.View.Width / grid.Columns:0.####} {(double)photo.Photo.View.Height / grid.Rows:0.####})\"><use href=\"#{id}\"/></g></svg>");
        return new HtmlPart($"<figure class=\"small\"><figcaption>{Svg.Escape(caption)}</figcaption>\n{drawing}\n<p>{Svg.Escape(facts)}</p></figure>\n");
    }
}
