using EdgeVit.EndToEnd.Tests;
using EdgeVit.Export;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Quantize.Tests;

/// <summary>Folders of images without classes.</summary>
public class UnlabelledTests
{
    [Fact]
    public void ImagesWithoutClassesLearnFromTheTeacherAlone()
    {
        using var folder = new TempFolder();
        string layout = folder.File("small.json");
        File.WriteAllText(layout, ConfigJson.Write(new BinaryViTConfig("small", ImageSize: 16, PatchSize: 4, [new StageConfig(1, 32, 64, 1, 1)], Classes: 10)));
        var options = new ConvertOptions
        {
            Data = "shapes",
            Out = folder.File("run"),
            Student = layout,
            Teacher = "resnet",
            ShapesTrain = 300,
            ShapesTest = 30,
            TeacherEpochs = 2,
            Epochs = 0.2,
            BatchSize = 32,
            ParityImages = 1,
            Device = "cpu",
        };
        ConvertResult labelled = Converter.Convert(options, new SilentProgress());
        Assert.False(labelled.LabelledByTeacher);

        string loose = Directory.CreateDirectory(folder.File("loose")).FullName;
        IImageDataset shapes = DatasetFolder.Open("shapes", new DatasetOptions { ShapesTrainCount = 120, ShapesTestCount = 10 }).Train;
        for (int i = 0; i < shapes.Count; i++)
        {
            RgbImage image = shapes.Load(i);
            File.WriteAllBytes(Path.Combine(loose, $"{i:D3}.png"), Png.Encode(image.Width, image.Height, image.Pixels));
        }
        Assert.True(DatasetFolder.IsUnlabelled(loose));
        Assert.False(DatasetFolder.IsUnlabelled("shapes"));
        Assert.False(DatasetFolder.IsUnlabelled(folder.Path));

        // A model gives its names to the classes; nothing of the labels goes into the loss.
        ConvertOptions unlabelled = options with { Data = loose, Out = folder.File("second"), Teacher = labelled.Model };
        var notes = new Notes();
        ConvertResult result = Converter.Convert(unlabelled, notes);
        Assert.True(result.LabelledByTeacher);
        Assert.Null(result.TeacherTop1);
        Assert.True(result.Parity.Passed);
        Assert.Equal(EvitFile.Read(labelled.Model).Labels, EvitFile.Read(result.Model).Labels);
        Assert.Equal(120, result.TrainImages + result.ValidationImages + result.TestImages);
        Assert.Contains(notes.Lines, l => l.Contains("accuracies are agreement with it", StringComparison.Ordinal));
        Assert.Contains("agreement with the teacher, packed runtime", File.ReadAllText(folder.File("second/card.md")), StringComparison.Ordinal);
        Assert.Contains("\"distill.weight\": \"1\"", File.ReadAllText(folder.File("second/config.json")), StringComparison.Ordinal);
        Assert.Equal(result.Sha256, Converter.Convert(unlabelled with { Resume = true }, new SilentProgress()).Sha256);

        // A checkpoint knows how many classes there are.
        ConvertResult counted = Converter.Convert(
            unlabelled with { Out = folder.File("third"), Teacher = folder.File("run/teacher/best.safetensors") }, new SilentProgress());
        Assert.Equal("class 3", EvitFile.Read(counted.Model).Labels[3]);

        foreach (string nobody in (string[])["none", "convnet"])
        {
            var error = Assert.Throws<ConvertException>(() => Converter.Convert(unlabelled with { Out = folder.File("fourth"), Teacher = nobody }, new SilentProgress()));
            Assert.Equal(ConvertException.Usage, error.ExitCode);
            Assert.Contains("a teacher that knows must be there", error.Message, StringComparison.Ordinal);
        }
    }

    private sealed class Notes : IConvertProgress
    {
        public List<string> Lines { get; } = [];

        public void Report(ConvertEvent value)
        {
            if (value is Note note)
            {
                Lines.Add(note.Text);
            }
        }
    }
}
