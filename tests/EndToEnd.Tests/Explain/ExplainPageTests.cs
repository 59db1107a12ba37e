using System.Globalization;
using EdgeVit.Cli;
using EdgeVit.Export;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>The page as a browser lays it out and as its script draws it.</summary>
public sealed class ExplainPageTests(SmallModel small) : IClassFixture<SmallModel>
{
    private static readonly ExplainSettings s_settings = new([], 6, OccluderFill.Mean, 2, 2);

    [Fact]
    public void ThePageFitsItsWindowAndItsSheet()
    {
        Assert.SkipWhen(Chromium.Program is null, Chromium.Missing);
        (int drawings, int pictures, int canvases) = PageLayout.Check(Write(new string('W', 200) + "<script>alert(1)", TestPictures.Noise(70, 90, 3), withData: true));
        // The map, the photo, two stages, two charts of heads, a gallery, the curve, two channels of two stages.
        Assert.True(drawings >= 7 + 12 + (4 * 9), $"{drawings} drawings");
        // Two menus and the panes of a query and two heads.
        Assert.Equal((0, 3), (pictures, canvases));
    }

    /// <summary>The largest matrix of classes, with long names, has its place on paper.</summary>
    [Fact]
    public void AMatrixOfManyClassesFitsItsSheet()
    {
        Assert.SkipWhen(Chromium.Program is null, Chromium.Missing);
        using var folder = new TestFolder();
        string[] labels = [.. Enumerable.Range(0, 25).Select(i => $"long_name_of_class_{i:00}")];
        var config = new BinaryViTConfig("many", 16, 4, [new(1, 64, 64, 1, 1)], Classes: labels.Length);
        using EvitModel model = EvitModel.Load(EvitFile.Parse(EvitWriter.ToBytes(
            FoldedModel.Of(Lowering.Lower(config, RandomNetwork.Tensors(config, 3))).Model, RandomNetwork.Preprocess(config), labels, "{}")));
        var layout = NetworkLayout.Of(model.File.Graph, model.File.Shapes);
        IImageDataset data = DatasetFolder.Open(folder.Images("data", 2, labels), new DatasetOptions { TestAlone = true }).Train;
        var study = DataStudy.Of(model, layout, data, [.. Enumerable.Range(0, data.Count)], [.. Enumerable.Range(0, labels.Length)], false, 1, () => { }, CancellationToken.None);
        PageLayout.Check(ExplainPage.Write(model, layout, [], study, []));
    }

    /// <summary>On a white picture a key is white where its bit is 1 and dark where it is 0: in every head, for tokens chosen by key and by pointer.</summary>
    [Fact]
    public void TheKeysThatAreBrightAreTheInterpretersBits()
    {
        Assert.SkipWhen(Chromium.Program is null, Chromium.Missing);
        using EvitModel model = EvitModel.Open(small.Path);
        ExplainedPhoto photo = Study(model, "white", TestPictures.White(32, 32));
        string html = ExplainPage.Write(model, NetworkLayout.Of(model.File.Graph, model.File.Shapes), [photo], null, []);
        string found = PageLayout.Look(html, 800, """
            const viewer = page.querySelector('.attention'), select = viewer.querySelector('select'), told = [];
            for (const [layer, rows, keys] of [[0, 8, 4], [1, 4, 4]]) {
              select.value = layer;
              select.dispatchEvent(new Event('change'));
              const query = viewer.querySelector('.query canvas');
              const press = (key, times) => { for (let i = 0; i < times; i++) query.dispatchEvent(new KeyboardEvent('keydown', { key })); };
              const look = (row, column) => viewer.querySelectorAll('.head canvas').forEach((canvas, head) => {
                const context = canvas.getContext('2d');
                let bits = '';
                for (let k = 0; k < keys * keys; k++)
                  bits += context.getImageData((k % keys + 0.25) * canvas.width / keys, (Math.floor(k / keys) + 0.25) * canvas.height / keys, 1, 1).data[0] > 128 ? 1 : 0;
                told.push(`${layer},${head},${row},${column},${bits},${canvas.parentElement.lastChild.textContent.split(' ')[0]}`);
              });
              press('ArrowUp', 20); press('ArrowLeft', 20);
              look(0, 0);
              press('ArrowDown', 1); press('ArrowRight', 2);
              look(1, 2);
              const box = query.getBoundingClientRect();
              query.dispatchEvent(new PointerEvent('pointerdown', { clientX: box.left + (rows - 0.5) / rows * box.width, clientY: box.top + (rows - 1.5) / rows * box.height }));
              look(rows - 2, rows - 1);
            }
            return told;
            """);
        string[] heads = found.Split(' ');
        Assert.Equal(3 + 6, heads.Length);
        int both = 0;
        foreach (string head in heads)
        {
            string[] parts = head.Split(',');
            int[] numbers = [.. parts[..4].Select(p => int.Parse(p, CultureInfo.InvariantCulture))];
            AttentionMaps maps = photo.Image.Attention[numbers[0]];
            byte[] row = maps.Row(numbers[1], (numbers[2] * maps.Layer.Queries.Columns) + numbers[3]).ToArray();
            Assert.Equal(string.Concat(row), parts[4]);
            Assert.Equal(row.Sum(b => b).ToString(CultureInfo.InvariantCulture), parts[5]);
            both |= row.Contains((byte)0) ? 1 : 0;
            both |= row.Contains((byte)1) ? 2 : 0;
        }

        Assert.Equal(3, both);
    }

    /// <summary>With windows, moved ones and a grid: keys of other windows are dark whatever the bits are, and only those of the query's own are counted.</summary>
    [Fact]
    public void OnlyTheKeysOfTheQuerysWindowAreBright()
    {
        Assert.SkipWhen(Chromium.Program is null, Chromium.Missing);
        var config = new BinaryViTConfig(
            "windows", 16, 2, [new(2, 64, 128, 1, 1) { WindowSide = 4, Shift = 1 }, new(2, 128, 128, 2, 1) { WindowSide = 2, Pattern = WindowPattern.BlockGrid, Bias = BiasKind.Relative }], Classes: 3);
        using EvitModel model = EvitModel.Load(EvitFile.Parse(EvitWriter.ToBytes(
            FoldedModel.Of(Lowering.Lower(config, RandomNetwork.Tensors(config, 3))).Model, RandomNetwork.Preprocess(config), RandomNetwork.Labels(config), "{}")));
        ExplainedPhoto photo = Study(model, "white", TestPictures.White(16, 16));
        string html = ExplainPage.Write(model, NetworkLayout.Of(model.File.Graph, model.File.Shapes), [photo], null, []);
        string found = PageLayout.Look(html, 800, """
            const viewer = page.querySelector('.attention'), select = viewer.querySelector('select'), told = [];
            for (const [layer, side] of [[0, 8], [1, 8], [3, 4]]) {
              select.value = layer;
              select.dispatchEvent(new Event('change'));
              const query = viewer.querySelector('.query canvas');
              for (const [row, column] of [[0, 0], [2, 1], [side - 1, side - 2]]) {
                const box = query.getBoundingClientRect();
                query.dispatchEvent(new PointerEvent('pointerdown', { clientX: box.left + (column + 0.5) / side * box.width, clientY: box.top + (row + 0.5) / side * box.height }));
                viewer.querySelectorAll('.head canvas').forEach((canvas, head) => {
                  const context = canvas.getContext('2d');
                  let bits = '';
                  for (let k = 0; k < side * side; k++)
                    bits += context.getImageData((k % side + 0.25) * canvas.width / side, (Math.floor(k / side) + 0.25) * canvas.height / side, 1, 1).data[0] > 128 ? 1 : 0;
                  told.push(`${layer},${head},${row},${column},${bits},${canvas.parentElement.lastChild.textContent.split(' ').slice(0, 3).join('-')}`);
                });
              }
            }
            return told;
            """);
        string[] heads = found.Split(' ');
        Assert.Equal(3 + 3 + 6, heads.Length);
        foreach (string head in heads)
        {
            string[] parts = head.Split(',');
            int[] numbers = [.. parts[..4].Select(p => int.Parse(p, CultureInfo.InvariantCulture))];
            AttentionMaps maps = photo.Image.Attention[numbers[0]];
            int query = (numbers[2] * maps.Layer.Queries.Columns) + numbers[3];
            byte[] row = maps.Row(numbers[1], query).ToArray();
            int[] windows = maps.WindowOfToken()!;
            Assert.Equal(string.Concat(row), parts[4]);
            Assert.Equal($"{row.Sum(b => b)}-of-{windows.Count(w => w == windows[query])}", parts[5]);
        }

        Assert.Contains("windows of 4 x 4, moved by 1", html, StringComparison.Ordinal);
        Assert.Contains("grids of 2 x 2", html, StringComparison.Ordinal);
    }

    /// <summary>Another class colours the squares anew: opacities in proportion to its drops.</summary>
    [Fact]
    public void AnotherClassIsDrawnWhenItIsChosen()
    {
        Assert.SkipWhen(Chromium.Program is null, Chromium.Missing);
        using EvitModel model = EvitModel.Open(small.Path);
        ExplainedPhoto photo = Study(model, "noise", TestPictures.Noise(32, 32, 5));
        string html = ExplainPage.Write(model, NetworkLayout.Of(model.File.Graph, model.File.Shapes), [photo], null, []);
        string found = PageLayout.Look(html, 800, """
            const select = page.querySelector('.occlusion select');
            select.value = 2;
            select.dispatchEvent(new Event('change'));
            return [...page.querySelectorAll('.cells rect')].map(r => `${r.getAttribute('class')}:${r.getAttribute('fill-opacity')}`);
            """);
        double[] drops = [.. Enumerable.Range(0, 36).Select(p => photo.Occlusion.Drop(p, photo.Classes[2]))];
        double most = drops.Max(Math.Abs);
        string[] cells = found.Split(' ');
        Assert.Equal(36, cells.Length);
        for (int i = 0; i < 36; i++)
        {
            string[] parts = cells[i].Split(':');
            Assert.Equal(0.75 * Math.Abs(drops[i]) / most, double.Parse(parts[1], CultureInfo.InvariantCulture), 0.02);
            if (Math.Abs(drops[i]) > 0.001)
            {
                Assert.Equal(drops[i] > 0 ? "for" : "against", parts[0]);
            }
        }
    }

    private string Write(string name, RgbImage picture, bool withData)
    {
        using EvitModel model = EvitModel.Open(small.Path);
        var layout = NetworkLayout.Of(model.File.Graph, model.File.Shapes);
        DataStudy? study = null;
        ChannelImages[] channels = [];
        if (withData)
        {
            using var folder = new TestFolder();
            IImageDataset data = DatasetFolder.Open(folder.Images("data", 4, SmallModel.Labels), new DatasetOptions { TestAlone = true }).Train;
            study = DataStudy.Of(model, layout, data, [.. Enumerable.Range(0, data.Count)], [0, 1, 2, 3], true, 2, () => { }, CancellationToken.None);
            channels = [.. study.Channels(0, 2), .. study.Channels(1, 2)];
            return ExplainPage.Write(model, layout, [Study(model, name, picture)], study, channels);
        }

        return ExplainPage.Write(model, layout, [Study(model, name, picture)], study, channels);
    }

    private static ExplainedPhoto Study(EvitModel model, string name, RgbImage picture) =>
        new PhotoStudy(model, NetworkLayout.Of(model.File.Graph, model.File.Shapes), s_settings, []).Explain(PreparedPhoto.Of(name, picture, model.Preprocess), () => { }, CancellationToken.None);

    private static class TestPictures
    {
        public static RgbImage White(int width, int height)
        {
            var image = new RgbImage(width, height);
            Array.Fill(image.Pixels, (byte)255);
            return image;
        }

        public static RgbImage Noise(int width, int height, int seed)
        {
            var image = new RgbImage(width, height);
            new Random(seed).NextBytes(image.Pixels);
            return image;
        }
    }
}
