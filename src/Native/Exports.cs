using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using EdgeVit.Runtime;

namespace EdgeVit.Native;

/// <summary>The C functions of edgevit.h.</summary>
internal static unsafe class Exports
{
    private const int Ok = 0;
    private const int Failed = 1;
    private const int WrongUse = 2;
    private const int NotSupported = 4;
    private const int ErrorBytes = 1024;

    [ThreadStatic]
    private static byte* t_error;

    [UnmanagedCallersOnly(EntryPoint = "edgevit_open", CallConvs = [typeof(CallConvCdecl)])]
    internal static int Open(byte* path, int threads, nint* model)
    {
        if (path == null || model == null || threads is < 1 or > SessionOptions.MaxThreads)
        {
            return Fail(WrongUse, $"edgevit_open: {(path == null ? "path is NULL" : model == null ? "model is NULL" : $"threads is {threads}, expected 1 to {SessionOptions.MaxThreads}")}");
        }

        *model = 0;
        try
        {
            *model = GCHandle.ToIntPtr(GCHandle.Alloc(new NativeModel(Marshal.PtrToStringUTF8((nint)path)!, threads)));
            return Ok;
        }
        catch (KernelNotSupportedException e)
        {
            return Fail(NotSupported, e.Message);
        }
        catch (Exception e) when (e is EvitFormatException or OutOfMemoryException)
        {
            return Fail(Failed, e.Message);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "edgevit_get_info", CallConvs = [typeof(CallConvCdecl)])]
    internal static int GetInfo(nint model, ModelInfo* info)
    {
        if (model == 0 || info == null)
        {
            return Fail(WrongUse, $"edgevit_get_info: {(model == 0 ? "model" : "info")} is NULL");
        }

        NativeModel opened = Of(model);
        *info = new ModelInfo { Width = opened.Preprocess.Width, Height = opened.Preprocess.Height, Classes = opened.Classes, Threads = opened.Threads };
        Encoding.UTF8.GetBytes(opened.Kernels, new Span<byte>(info->Kernels, ModelInfo.KernelBytes - 1));
        return Ok;
    }

    [UnmanagedCallersOnly(EntryPoint = "edgevit_run", CallConvs = [typeof(CallConvCdecl)])]
    internal static int Run(nint model, byte* rgb, int width, int height, float* logits)
    {
        if (model == 0 || rgb == null || logits == null || width < 1 || height < 1 || 3L * width * height > Array.MaxLength)
        {
            return Fail(WrongUse, model == 0 || rgb == null || logits == null
                ? $"edgevit_run: {(model == 0 ? "model" : rgb == null ? "rgb" : "logits")} is NULL"
                : $"edgevit_run: an image of {width} x {height} pixels, expected at least 1 x 1 and at most {Array.MaxLength / 3} pixels");
        }

        NativeModel opened = Of(model);
        try
        {
            opened.Run(rgb, width, height, new Span<float>(logits, opened.Classes));
            return Ok;
        }
        catch (OutOfMemoryException e)
        {
            return Fail(Failed, e.Message);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "edgevit_label", CallConvs = [typeof(CallConvCdecl)])]
    internal static nint Label(nint model, int index) => model == 0 ? 0 : Of(model).Label(index);

    [UnmanagedCallersOnly(EntryPoint = "edgevit_close", CallConvs = [typeof(CallConvCdecl)])]
    internal static void Close(nint model)
    {
        if (model != 0)
        {
            var handle = GCHandle.FromIntPtr(model);
            ((NativeModel)handle.Target!).Dispose();
            handle.Free();
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "edgevit_last_error", CallConvs = [typeof(CallConvCdecl)])]
    internal static byte* LastError() => Error();

    private static NativeModel Of(nint model) => (NativeModel)GCHandle.FromIntPtr(model).Target!;

    private static int Fail(int code, string message)
    {
        byte* error = Error();
        Encoding.UTF8.GetEncoder().Convert(message, new Span<byte>(error, ErrorBytes - 1), flush: true, out _, out int bytes, out _);
        error[bytes] = 0;
        return code;
    }

    // A thread's own, for as long as the process lives.
    private static byte* Error() => t_error == null ? t_error = (byte*)NativeMemory.AllocZeroed(ErrorBytes) : t_error;
}

/// <summary><c>edgevit_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ModelInfo
{
    internal const int KernelBytes = 32;

    internal int Width;
    internal int Height;
    internal int Classes;
    internal int Threads;
    internal fixed byte Kernels[KernelBytes];
}
