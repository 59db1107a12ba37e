using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Makes a teacher of a network that has learnt other classes: one pass of it over the training images, then a linear head on the features.</summary>
internal sealed class HeadPhase(RunContext run, RunInputs inputs, IBackbone backbone)
{
    /// <summary>Bytes of features at most; of more images a part is looked at.</summary>
    private const long MostBytes = 512L << 20;

    /// <summary>A pass that takes longer is said to beforehand.</summary>
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(10);

    private readonly ImageData _data = inputs.Data;

    /// <summary>As many views of an image are looked at: the image, and its mirror image where training images are mirrored.</summary>
    private int Views => inputs.Recipe.Augmentation.Flip ? 2 : 1;

    /// <summary>Trains the head, or reads the one of the run that goes on.</summary>
    /// <param name="number">Of the heads of this run, from 0.</param>
    /// <param name="facts">How good it is.</param>
    internal HeadedTeacher Run(int number, out TeacherHeadFacts facts)
    {
        run.Progress.Report(new Note($"{backbone.Name}: {backbone.Text}"));
        string path = Path.Combine(run.Folder.Teacher, number == 0 ? RunFiles.Head : $"{number + 1}-{RunFiles.Head}"), key = Key();
        if (run.Options.Resume && run.Leads && run.Group is null && LinearHead.Read(path, key) is { } earlier)
        {
            facts = earlier.Facts;
            Say(facts, " (read again)");
            return new HeadedTeacher(backbone, earlier, null);
        }

        int classes = _data.Source.Labels.Count;
        KnownAnswers? known = null;
        var head = new LinearHead(classes, new float[classes * backbone.Width], new float[classes], new TeacherHeadFacts(backbone.Name, backbone.Width, 0, 0, 0));
        if (run.Leads)
        {
            int[] indices = Chosen();
            float[] features = Features(indices);
            head = HeadFit.Of(backbone.Name, features, [.. indices.Select(_data.Source.Label)], Views, classes, run.Options.Seed, run.Cancel);
            using (Tensor rows = torch.tensor(features).view(-1, backbone.Width))
            using (Tensor logits = head.Logits(rows))
            {
                known = new KnownAnswers(_data.Source, indices, ModelTensors.ToArray(logits), classes);
            }

            Directory.CreateDirectory(run.Folder.Teacher);
            head.Save(path, key);
            Say(head.Facts, "");
        }

        facts = head.Facts;
        return new HeadedTeacher(backbone, Shared(head), known);
    }

    /// <summary>The head of the first process in all of them.</summary>
    private LinearHead Shared(LinearHead head)
    {
        if (run.Group is null)
        {
            return head;
        }

        using Tensor weight = torch.tensor(head.Weight, device: inputs.Device), bias = torch.tensor(head.Bias, device: inputs.Device);
        run.Group.Broadcast([weight, bias]);
        return head with { Weight = ModelTensors.ToArray(weight), Bias = ModelTensors.ToArray(bias) };
    }

    private void Say(TeacherHeadFacts facts, string how) => run.Progress.Report(new Note(string.Create(CultureInfo.InvariantCulture,
        $"head on {facts.Teacher}: {facts.HeldOutTop1:F2} % on held-out images of the {facts.Images:N0} it was trained on, weight decay {facts.WeightDecay}{how}")));

    /// <summary>All training images, or as many as their features find place.</summary>
    private int[] Chosen()
    {
        int most = (int)Math.Min(_data.Split.Train.Count, Math.Max(100, MostBytes / (sizeof(float) * (long)backbone.Width * Views)));
        if (most == _data.Split.Train.Count)
        {
            return [.. _data.Split.Train];
        }

        run.Progress.Report(new Note($"the head is trained on {most:N0} of the {_data.Split.Train.Count:N0} training images, whose features fit in {MostBytes >> 20} MB"));
        return [.. CounterRandom.Permutation(_data.Split.Train.Count, run.Options.Seed, 0x4845).Take(most).Select(i => _data.Split.Train[i]).Order()];
    }

    /// <summary><c>[views × n, D]</c>.</summary>
    private float[] Features(int[] indices)
    {
        float[] features = new float[Views * indices.Length * backbone.Width];
        long start = Stopwatch.GetTimestamp();
        int at = 0;
        bool told = false;
        foreach (Batch batch in BatchLoader.InOrder(_data.Source, indices, Math.Min(TrainSettings.EvaluationImages(_data.Source.Preprocess.Height), Math.Max(8, indices.Length / 16))))
        {
            run.Cancel.ThrowIfCancellationRequested();
            using DisposeScope scope = torch.NewDisposeScope();
            Tensor images = batch.ToTensor(_data.Source, inputs.Device);
            for (int view = 0; view < Views; view++)
            {
                ModelTensors.ToArray(backbone.Features(view == 0 ? images : images.flip(3))).CopyTo(features.AsSpan(((view * indices.Length) + at) * backbone.Width));
            }

            at += batch.Count;
            TimeSpan left = Stopwatch.GetElapsedTime(start) * ((double)(indices.Length - at) / at);
            if (!told && left > s_long)
            {
                run.Progress.Report(new Note(string.Create(CultureInfo.InvariantCulture, $"features of {indices.Length:N0} images{(Views > 1 ? " and their mirror images" : "")}: about {Text(left)}")));
            }

            told = true;
            run.Progress.Report(new StepProgress("teacher features", at, indices.Length));
        }

        return features;
    }

    private static string Text(TimeSpan time) => time.TotalSeconds < 90
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:F0} s") : string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:F0} min");

    /// <summary>What decides the head: the network's file and everything that the run is configured by.</summary>
    private string Key()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string key, string value) in inputs.Configuration.OrderBy(static p => p.Key, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{key}={value}\n"));
        }

        hash.AppendData(Encoding.UTF8.GetBytes($"{backbone.Name} {backbone.Width}\n"));
        using FileStream file = File.OpenRead(backbone.Path);
        hash.AppendData(SHA256.HashData(file));
        return System.Convert.ToHexString(hash.GetHashAndReset());
    }
}
