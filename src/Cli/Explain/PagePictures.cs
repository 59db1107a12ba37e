using System.Globalization;
using System.Text;
using EdgeVit.Export.Charts;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>The pictures of a page, each in it once however often it is shown.</summary>
internal sealed class PagePictures
{
    // Below, a picture is a few kilobytes without loss, and loss would show.
    private const int LosslessSide = 96;
    private const int Quality = 85;

    private readonly StringBuilder _definitions = new();
    private int _count;

    /// <summary>Takes a picture.</summary>
    /// <returns>The id by which it is shown.</returns>
    public string Add(RgbImage image)
    {
        string id = string.Create(CultureInfo.InvariantCulture, $"picture-{++_count}");
        bool lossless = Math.Max(image.Width, image.Height) <= LosslessSide;
        string data = Convert.ToBase64String(lossless ? SkiaEncoder.Png(image) : SkiaEncoder.Jpeg(image, Quality));
        _definitions.Append(CultureInfo.InvariantCulture,
            $"<image id=\"{id}\" width=\"{image.Width}\" height=\"{image.Height}\"{(lossless ? " class=\"pixels\"" : "")} href=\"data:image/{(lossless ? "png" : "jpeg")};base64,{data}\"/>\n");
        return id;
    }

    /// <summary>All pictures, to stand before the first that is shown.</summary>
    public HtmlPart Definitions() => new($"<svg class=\"definitions\" aria-hidden=\"true\" width=\"0\" height=\"0\"><defs>\n{_definitions}</defs></svg>\n");

    /// <summary>A drawing that shows a picture; the description is for screen readers.</summary>
    public static string Show(string id, int width, int height, string description, string over = "") => string.Create(CultureInfo.InvariantCulture,
        $"<svg role=\"img\" viewBox=\"0 0 {width} {height}\"><title>{Svg.Escape(description)}</title><use href=\"#{id}\"/>{over}</svg>");
}
