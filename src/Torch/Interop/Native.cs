using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace TorchSharp.Interop;

/// <summary>A number on its way to libtorch: 0 absent, 1 integer, 2 floating-point, 3 boolean (EvScalar in native/shim.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeScalar
{
    public long Kind;
    public long Integer;
    public double Real;
}

/// <summary>One index of <c>x[...]</c> (EvIndex in native/shape.cpp); <see cref="long.MinValue"/> marks an absent bound.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeIndex
{
    public long Kind;
    public long Start;
    public long Stop;
    public long Step;
    public nint Tensor;
}

/// <summary>The arguments of ev_function_wrap (EvFunction in native/autograd.cpp).</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeFunction
{
    public nint Context;
    public byte* Name;
    public nint* Inputs;
    public long InputCount;
    public nint* Outputs;
    public long OutputCount;
    public nint* Saved;
    public long SavedCount;
    public nint* Dirty;
    public long DirtyCount;
    public nint* Constant;
    public long ConstantCount;
    public int Materialize;
    public int Executable;
}

/// <summary>The functions of libedgevit_torch.so; see native/shim.h for the conventions.</summary>
internal static unsafe partial class Native
{
    private const string Library = "edgevit_torch";

    static Native() => NativeLoader.Register();

    /// <summary>The failure of the last native call on this thread.</summary>
    internal static ExternalException Error()
    {
        string text = Text(ev_error());
        Exception? cause = torch.autograd.ManagedBackward.TakeFailure(text);
        return new ExternalException(text.Length > 0 ? text : "libtorch reported an error without a message", cause);
    }

    internal static void Check(int status)
    {
        if (status < 0) throw Error();
    }

    internal static string Text(byte* utf8)
    {
        return utf8 is null ? "" : Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(utf8));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Flag(bool value) => value ? 1 : 0;
}
