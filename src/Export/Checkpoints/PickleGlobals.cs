using System.Collections.Frozen;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>The names that a pickle may mention. Everything else is refused by name when it is mentioned, before anything could be done with
/// it.</summary>
internal static class PickleGlobals
{
    private static readonly FrozenDictionary<string, PickleGlobal> s_allowed = All().ToFrozenDictionary(g => g.Name, StringComparer.Ordinal);

    /// <summary>The allowed global of this name, <c>module.name</c>, or null.</summary>
    public static PickleGlobal? Find(string name) => s_allowed.GetValueOrDefault(name);

    private static IEnumerable<PickleGlobal> All()
    {
        foreach (string name in (string[])["collections.OrderedDict", "collections.Counter", "builtins.dict", "__builtin__.dict"])
        {
            yield return new PickleGlobal(name, GlobalKind.Dict);
        }

        foreach (string name in (string[])["builtins.set", "__builtin__.set", "builtins.frozenset", "builtins.list", "__builtin__.list"])
        {
            yield return new PickleGlobal(name, GlobalKind.List);
        }

        yield return new PickleGlobal("collections.defaultdict", GlobalKind.DefaultDict);
        yield return new PickleGlobal("torch.Size", GlobalKind.Tuple);

        // What makes missing values of such dicts, and numbers that a log may hold.
        foreach (string name in (string[])["int", "float", "complex", "bool", "str", "bytes", "bytearray", "tuple", "object", "slice", "range"])
        {
            yield return new PickleGlobal($"builtins.{name}", GlobalKind.Opaque);
            yield return new PickleGlobal($"__builtin__.{name}", GlobalKind.Opaque);
        }

        // What training scripts keep beside the weights: settings and the numbers of a log.
        foreach (string name in (string[])
            ["argparse.Namespace", "types.SimpleNamespace", "torch.device", "pathlib.Path", "pathlib.PosixPath", "pathlib.WindowsPath",
             "pathlib.PurePosixPath", "pathlib.PureWindowsPath", "numpy.dtype", "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar",
             "_codecs.encode", "datetime.datetime", "datetime.timedelta"])
        {
            yield return new PickleGlobal(name, GlobalKind.Opaque);
        }

        yield return new PickleGlobal("torch._utils._rebuild_tensor", GlobalKind.Tensor);
        yield return new PickleGlobal("torch._utils._rebuild_tensor_v2", GlobalKind.Tensor);
        yield return new PickleGlobal("torch._utils._rebuild_tensor_v3", GlobalKind.TypedTensor);
        yield return new PickleGlobal("torch._utils._rebuild_parameter", GlobalKind.Parameter);
        yield return new PickleGlobal("torch._utils._rebuild_parameter_with_state", GlobalKind.Parameter);
        yield return new PickleGlobal("torch.nn.parameter.Parameter", GlobalKind.Parameter);
        yield return new PickleGlobal("torch._tensor._rebuild_from_type_v2", GlobalKind.FromType);
        // Plain tensors that have attributes name their type.
        yield return new PickleGlobal("torch.Tensor", GlobalKind.Opaque);
        yield return new PickleGlobal("torch._tensor.Tensor", GlobalKind.Opaque);
        yield return new PickleGlobal("torch.nn.parameter.Buffer", GlobalKind.Opaque);
        yield return new PickleGlobal("torch.storage.UntypedStorage", GlobalKind.StorageType);
        yield return new PickleGlobal("torch.storage._UntypedStorage", GlobalKind.StorageType);
        yield return new PickleGlobal("torch.UntypedStorage", GlobalKind.StorageType);

        foreach ((string name, SafetensorsType type) in ((string, SafetensorsType)[])
            [("Double", SafetensorsType.F64), ("Float", SafetensorsType.F32), ("Half", SafetensorsType.F16), ("BFloat16", SafetensorsType.BF16),
             ("Long", SafetensorsType.I64), ("Int", SafetensorsType.I32), ("Short", SafetensorsType.I16), ("Char", SafetensorsType.I8),
             ("Byte", SafetensorsType.U8), ("Bool", SafetensorsType.Bool)])
        {
            yield return new PickleGlobal($"torch.{name}Storage", GlobalKind.StorageType, type);
            yield return new PickleGlobal($"torch.cuda.{name}Storage", GlobalKind.StorageType, type);
        }
        foreach ((string name, SafetensorsType type) in ((string, SafetensorsType)[])
            [("float64", SafetensorsType.F64), ("float32", SafetensorsType.F32), ("float16", SafetensorsType.F16), ("bfloat16", SafetensorsType.BF16),
             ("int64", SafetensorsType.I64), ("int32", SafetensorsType.I32), ("int16", SafetensorsType.I16), ("int8", SafetensorsType.I8),
             ("uint64", SafetensorsType.U64), ("uint32", SafetensorsType.U32), ("uint16", SafetensorsType.U16), ("uint8", SafetensorsType.U8),
             ("bool", SafetensorsType.Bool)])
        {
            yield return new PickleGlobal($"torch.{name}", GlobalKind.ElementType, type);
        }
    }
}
