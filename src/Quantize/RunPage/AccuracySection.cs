using System.Globalization;
using System.Text;
using EdgeVit.Export.Charts;
using EdgeVit.Imaging;

namespace EdgeVit.Quantize;

/// <summary>Student and teacher on a run's page: in all, by class, and what the student takes for something else.</summary>
internal static class AccuracySection
{
    /// <summary>Classes that are listed; of more, those with the lowest accuracy.</summary>
    internal const int MostClasses = 50;

    private const int LosslessSide = 96, Quality = 85;

    /// <summary>The section as well-formed XHTML, every text escaped.</summary>
    public static string Draw(RunAccuracy accuracy)
    {
        var page = new StringBuilder("<section>\n<h2>accuracy</h2>\n<ul class=\"facts\">\n");
        Fact(page, "packed file, top-1", Percent(accuracy.Top1));
        Fact(page, "its float simulator", Percent(accuracy.SimulatorTop1));
        Fact(page, "teacher", accuracy.TeacherTop1 is { } teacher ? Percent(teacher) : "none");
        Fact(page, "test images", accuracy.TestImages.ToString("#,0", CultureInfo.InvariantCulture));
        page.Append("</ul>\n");
        Classes(page, accuracy);
        Gallery(page, accuracy.Mistakes);
        return page.Append("</section>\n").ToString();
    }

    private static void Classes(StringBuilder page, RunAccuracy accuracy)
    {
        bool taught = accuracy.TeacherTop1 is not null;
        ClassAccuracy[] listed = accuracy.Classes.Count <= MostClasses ? [.. accuracy.Classes] : [.. accuracy.Classes.Where(c => c.Images > 0).OrderBy(c => (double)c.Packed / c.Images).Take(MostClasses)];
        string which = listed.Length < accuracy.Classes.Count ? $"{listed.Length} of {accuracy.Classes.Count} classes, the least recognised first" : "test images by class";
        page.Append(CultureInfo.InvariantCulture, $"<h3>By class</h3>\n<p class=\"sub\">{which}</p>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Accuracy by class\"><table>\n<thead><tr><th scope=\"col\">class</th><th scope=\"col\" class=\"n\">images</th>{(taught ? "<th scope=\"col\" class=\"n\">teacher</th>" : "")}<th scope=\"col\" class=\"n\">packed</th><th scope=\"col\"></th></tr></thead>\n<tbody>\n");
        foreach (ClassAccuracy c in listed)
        {
            double share = 100.0 * c.Packed / Math.Max(1, c.Images), teacher = 100.0 * (c.Teacher ?? 0) / Math.Max(1, c.Images);
            page.Append(CultureInfo.InvariantCulture, $"<tr><th scope=\"row\">{Svg.Escape(c.Label)}</th><td class=\"n\">{c.Images:#,0}</td>");
            page.Append(taught ? $"<td class=\"n one\">{Of(c.Teacher ?? 0, c.Images)}</td>" : "").Append(CultureInfo.InvariantCulture, $"<td class=\"n two\">{Of(c.Packed, c.Images)}</td>");
            page.Append("<td class=\"bars\"><svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\" xmlns=\"http://www.w3.org/2000/svg\">");
            page.Append(taught ? string.Create(CultureInfo.InvariantCulture, $"<path class=\"one line\" d=\"M0 3H{teacher:0.#}\"/>") : "").Append(CultureInfo.InvariantCulture, $"<path class=\"two line\" d=\"M0 7H{share:0.#}\"/></svg></td></tr>\n");
        }

        page.Append("</tbody>\n</table></div>\n");
    }

    private static void Gallery(StringBuilder page, ValidationMistakes mistakes)
    {
        page.Append(CultureInfo.InvariantCulture, $"<h3>Mistakes</h3>\n<p class=\"sub\">{mistakes.Wrong:#,0} of {mistakes.Images:#,0} validation images are taken for something else by the packed file{(mistakes.Surest.Count < mistakes.Wrong ? $"; the {mistakes.Surest.Count} surest" : mistakes.Wrong > 0 ? "; the surest first" : "")}{Taught(mistakes.Surest)}</p>\n<div class=\"gallery\">\n");
        foreach (Mistake m in mistakes.Surest)
        {
            bool lossless = Math.Max(m.Image.Width, m.Image.Height) <= LosslessSide;
            string data = Convert.ToBase64String(lossless ? SkiaEncoder.Png(m.Image) : SkiaEncoder.Jpeg(m.Image, Quality));
            page.Append(CultureInfo.InvariantCulture, $"<figure><img class=\"{(lossless ? "pixels" : "photo")}\" alt=\"{Svg.Escape(m.Source)}\" title=\"{Svg.Escape(m.Source)}\" src=\"data:image/{(lossless ? "png" : "jpeg")};base64,{data}\" />");
            page.Append(CultureInfo.InvariantCulture, $"<figcaption>{Svg.Escape(m.Label)}<small>packed: <b class=\"two\">{Svg.Escape(m.Predicted)}</b> {100 * m.Probability:0}\u00a0%</small>");
            page.Append(m.Teacher is { } teacher ? $"<small>teacher: <b class=\"one\">{Svg.Escape(teacher)}</b></small>" : "").Append("</figcaption></figure>\n");
        }

        page.Append("</div>\n");
    }

    private static string Taught(IReadOnlyList<Mistake> mistakes) =>
        mistakes.Any(m => m.Teacher is not null) ? $". The teacher recognises {mistakes.Count(m => m.Teacher == m.Label)} of these" : "";

    private static void Fact(StringBuilder page, string label, string value) => page.Append(CultureInfo.InvariantCulture, $"<li><span class=\"sub\">{label}</span> <b>{value}</b></li>\n");

    private static string Of(int right, int images) => images == 0 ? "–" : string.Create(CultureInfo.InvariantCulture, $"{100.0 * right / images:0.0} %");

    private static string Percent(double value) => double.IsFinite(value) ? value.ToString("0.00 '%'", CultureInfo.InvariantCulture) : "–";
}
