using EdgeVit.Export;

namespace EdgeVit.Quantize;

/// <summary>The option <c>--teacher</c>: one teacher, or several with commas between them, of which at most one is trained here.</summary>
internal static class TeacherList
{
    /// <summary>Learn from labels alone.</summary>
    internal const string None = "none";

    /// <summary>The teachers that an option names.</summary>
    internal static IReadOnlyList<string> Split(string option) => option.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Finds teachers that cannot be had, or cannot do what is asked of them, before the data are read.</summary>
    /// <exception cref="ConvertException">The message names what is expected.</exception>
    internal static void Require(ConvertOptions options)
    {
        Require(options.Teacher, options.TeachersTeacher);
        if (options.TeacherOutput is { } output && !Split($"{options.Teacher},{options.TeachersTeacher}").Any(ModelFile.IsOnnx))
        {
            throw new ConvertException($"--teacher-output {output}: no teacher is an ONNX file (--teacher {options.Teacher}), and no other has outputs to choose from.", ConvertException.Usage);
        }

        if (options.Pretrain is { } pretrain && TeacherTable.TrainedOf(options.Teacher)?.Pretrains != true)
        {
            throw new ConvertException(
                $"--pretrain {pretrain} is for a vision transformer that is trained here ({string.Join(", ", TeacherTable.Rows.Where(r => r.Pretrains).Select(r => r.Name))}), and --teacher is {options.Teacher}: choose one of them, or leave --pretrain out.",
                ConvertException.Usage);
        }

        if (options.FeatureWeight > 0 && (Split(options.Teacher) is not [var only] || only == None || ModelFile.Takes(only)))
        {
            throw new ConvertException(
                $"--feature-weight: the teacher ({options.Teacher}) shows no features; expected one teacher that is trained here ({TeacherTable.Names}) or a checkpoint of one.",
                ConvertException.Usage);
        }
    }

    /// <summary>Finds teachers that cannot be had before the data are read: the student's, and the one that a teacher learns from.</summary>
    /// <exception cref="ConvertException">There is none such; the message names what is expected.</exception>
    internal static void Require(string option, string? teachers)
    {
        Require(option);
        TeacherKind? trained = TeacherTable.TrainedOf(option);
        if (trained is { NeedsTeacher: true } && teachers is null)
        {
            throw new ConvertException(
                $"--teacher {trained.Name}: its distillation token learns from a teacher of its own; name one with --teachers-teacher, a checkpoint, an ONNX classifier or an .evit model.",
                ConvertException.Usage);
        }
        if (teachers is null)
        {
            return;
        }

        if (trained is null)
        {
            throw new ConvertException($"--teachers-teacher {teachers}: no teacher is trained here (--teacher {option}), so nobody would learn from it.", ConvertException.Usage);
        }

        if (Split(teachers) is not { Count: > 0 } list || list.Contains(None) || list.Any(IsTrained))
        {
            throw new ConvertException($"--teachers-teacher {teachers}: expected files, checkpoints of earlier runs, ONNX classifiers or .evit models.", ConvertException.Usage);
        }

        Require(teachers);
    }

    /// <summary>Finds a teacher that cannot be had before the data are read.</summary>
    /// <exception cref="ConvertException">There is none such; the message names what is expected.</exception>
    internal static void Require(string option)
    {
        IReadOnlyList<string> teachers = Split(option);
        if (teachers.Count == 0 || (teachers.Count > 1 && (teachers.Contains(None) || teachers.Count(IsTrained) > 1)))
        {
            throw new ConvertException(
                $"--teacher {option}: expected one teacher, or several with commas between them, of which at most one is trained here ({TeacherTable.Names}) and the others are files.",
                ConvertException.Usage);
        }
        foreach (string teacher in teachers.Where(t => t != None && !IsTrained(t)))
        {
            RequireFile(teacher);
        }
    }

    private static bool IsTrained(string teacher) => TeacherTable.Find(teacher) is not null;

    private static void RequireFile(string teacher)
    {
        if (!File.Exists(teacher))
        {
            throw new ConvertException(
                $"--teacher {teacher}: there is no such file and no such teacher. Known: {TeacherTable.Names} (trained here), none, a teacher checkpoint such as runs/demo/teacher/best.safetensors, an ONNX classifier or an .evit model.",
                ConvertException.Usage);
        }

        InputFile.RequireRegular("--teacher", teacher);
        ModelFileKind kind = ModelFileKinds.Of(teacher);
        if (kind is ModelFileKind.PyTorch or ModelFileKind.Index)
        {
            throw new ConvertException(
                $"--teacher {teacher}: it is a PyTorch checkpoint, not a teacher yet. Make a model of it:  edgevit import {teacher} --out teacher.evit;  then  --teacher teacher.evit", ConvertException.Usage);
        }

        if (kind == ModelFileKind.Picture)
        {
            throw new ConvertException(
                $"--teacher {teacher}: it is a picture, and a teacher is a checkpoint of an earlier run (.safetensors), an ONNX classifier (.onnx) or a model (.evit). Pictures to learn from go into the folder of --data.", ConvertException.Usage);
        }

        if (Other(teacher, kind))
        {
            throw new ConvertException($"--teacher {ModelFileKinds.Describe(teacher, kind, "a teacher that its name promises")}", ConvertException.Usage);
        }

        if (!ModelFile.Takes(teacher) && !teacher.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))
        {
            throw new ConvertException(
                $"--teacher {teacher}: a teacher is a checkpoint of an earlier run (.safetensors), an ONNX classifier (.onnx) or a model (.evit).", ConvertException.NotSupported);
        }
    }

    /// <summary>Whether a file is surely something else than its name says, by which it would be opened.</summary>
    private static bool Other(string teacher, ModelFileKind kind) => kind != ModelFileKind.Unknown && kind != Path.GetExtension(teacher).ToLowerInvariant() switch
    {
        ".onnx" => ModelFileKind.Onnx,
        ".evit" => ModelFileKind.Model,
        ".safetensors" => ModelFileKind.Safetensors,
        _ => kind is ModelFileKind.Onnx or ModelFileKind.Model or ModelFileKind.Safetensors ? kind : ModelFileKind.Unknown,
    };
}
