using System.Text.Json.Nodes;
using EdgeVit.Devices;
using EdgeVit.Export;
using EdgeVit.Export.Onnx;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>Turns exceptions into one message and an exit code: the only place that does.</summary>
internal static class Failures
{
    /// <summary>Set to anything to see stack traces.</summary>
    public const string DebugVariable = "EDGEVIT_DEBUG";

    public static (string Message, int ExitCode) Describe(Exception e) => e switch
    {
        UserException user => (user.Message, user.ExitCode),
        OperationCanceledException => ("stopped.", ExitCode.Interrupted),
        EvitFormatException format => ($"{format.Message.TrimEnd('.')}. {format.Remedy ?? "The file is incomplete, damaged or not a model: copy it again, or convert it again."}", ExitCode.Failure),
        DatasetException { IsUsage: true } or CheckpointException { IsUsage: true } => (e.Message, ExitCode.Usage),
        ImageException { Image: ImageDecoder.MaxPixelsVariable } variable => (variable.Message, ExitCode.Usage),
        OnnxModelException or ImageException or DatasetException or ModelFormatException or ModelWriteException => (e.Message, ExitCode.Failure),
        DllNotFoundException when e.Message.Contains("'onnxruntime'", StringComparison.Ordinal) => (
            $"this needs ONNX Runtime, and its library libonnxruntime.so is not in {AppContext.BaseDirectory}. Take it from an ONNX Runtime 1.31 package for this system and put it there, or name it by {OnnxLibrary.Variable}, or do this on a workstation.",
            ExitCode.NotSupported),
        KernelNotSupportedException or PlatformNotSupportedException or DllNotFoundException => (e.Message, ExitCode.NotSupported),
        FileNotFoundException or FileLoadException or BadImageFormatException when Assembly(e) is { Length: > 0 } assembly => (
            $"{assembly}.dll in {AppContext.BaseDirectory} is missing or damaged: this installation is not whole. Install edgevit anew; of a source tree, delete 'artifacts' and start ./edgevit.",
            ExitCode.NotSupported),
        CameraException camera => (camera.Message[^1] is '.' or '?' ? camera.Message : $"{camera.Message}.", camera.Missing ? ExitCode.NotSupported : ExitCode.Failure),
        IOException full when FileFault.IsFull(full) && !full.Message.Contains('\'', StringComparison.Ordinal) => ($"{StandardStreams.Place(1)} cannot be written: no space left on device.", ExitCode.Failure),
        UnauthorizedAccessException or IOException => ($"{FileFault.Of(e)}.", ExitCode.Failure),
        OutOfMemoryException => ("this machine has not enough memory for that.", ExitCode.Failure),
        TypeInitializationException { InnerException: { } inner } => Describe(inner),
        AggregateException { InnerExceptions: [var first, ..] } => Describe(first),
        _ => ($"sorry, this is a bug in edgevit: {e.GetType().Name}: {FirstLine(e.Message)} Set {DebugVariable}=1 to see where, and report it.", ExitCode.Failure),
    };

    /// <summary>Prints an exception as the verb's outcome and returns the exit code.</summary>
    public static int Print(Exception e, Printer printer)
    {
        (string message, int code) = Describe(e);
        try
        {
            printer.Error(message);
            if (!string.IsNullOrEmpty(Environment.GetEnvironmentVariable(DebugVariable)))
            {
                printer.Warn(e.ToString());
            }

            printer.Object(new JsonObject { ["error"] = message, ["exitCode"] = code });
            printer.Flush();
        }
        catch (Exception output) when (output is IOException or UnauthorizedAccessException)
        {
            // No message can be printed: the output itself failed.
        }
        return code;
    }

    /// <summary>The simple name of the assembly that could not be loaded; null where the file is none.</summary>
    private static string? Assembly(Exception e)
    {
        string? name = e switch { FileNotFoundException missing => missing.FileName, FileLoadException refused => refused.FileName, BadImageFormatException damaged => damaged.FileName, _ => null };
        return name is not null && name.Contains(", Version=", StringComparison.Ordinal) ? name.Split(',')[0] : null;
    }

    private static string FirstLine(string text)
    {
        string line = text.Split('\n')[0].Trim();
        return line.EndsWith('.') ? line : line + ".";
    }
}
