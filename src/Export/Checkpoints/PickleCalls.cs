using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>What the allowed globals make of their arguments: plain records, each argument checked for its kind.</summary>
internal sealed class PickleCalls(ByteCursor cursor, MemoryBudget budget)
{
    private const int EntryBytes = 128;
    private const int MaxRank = 64;
    private const int MaxKey = 200;
    private readonly Dictionary<string, PickleStorage> _storages = new(StringComparer.Ordinal);
    private long _at;

    public IReadOnlyDictionary<string, PickleStorage> Storages => _storages;

    /// <summary>The value of <c>callee(*arguments)</c>.</summary>
    public object Call(object? callee, object? arguments, long at)
    {
        _at = at;
        if (callee is not PickleGlobal global)
        {
            throw Fault($"calls {Describe(callee)}, expected one of the types of a checkpoint");
        }

        if (arguments is not PickleTuple { Items: var items })
        {
            throw Fault($"calls '{global.Name}' with {Describe(arguments)}, expected a tuple");
        }

        if (global.Kind != GlobalKind.FromType)
        {
            // A tensor or parameter of a type that is not read is as foreign as its type.
            return global.Kind is GlobalKind.Tensor or GlobalKind.TypedTensor or GlobalKind.Parameter && Foreign(items) is { } foreign ? new PickleOpaque($"a tensor of {foreign}") : Make(global, items);
        }

        if (items is [PickleGlobal { Kind: GlobalKind.Tensor or GlobalKind.TypedTensor or GlobalKind.Parameter } inner, var type, PickleTuple rest, ..])
        {
            // A subclass may keep its weights in its state, beside the tensor.
            return Foreign([type, .. rest.Items]) is { } foreign ? new PickleOpaque($"a tensor of {foreign}") : Make(inner, rest.Items);
        }

        throw Fault($"calls '{global.Name}' with ({Describe(items)}), expected a tensor's function, type and arguments");
    }

    private static string? Foreign(object?[] items) =>
        items.Select(i => i switch { PickleOpaque opaque => opaque.Name, PickleGlobal { Kind: GlobalKind.Foreign } type => type.Name, _ => null }).FirstOrDefault(n => n is not null);

    /// <summary>The storage that a persistent id <c>('storage', type, key, device, elements[, view])</c> names; the device plays no part.</summary>
    public object PersistentStorage(object? id, long at)
    {
        _at = at;
        object?[] items = id is PickleTuple tuple ? tuple.Items : [];
        if (items is ["storage", PickleGlobal { Kind: GlobalKind.Foreign } other, ..])
        {
            return new PickleOpaque(other.Name);
        }

        if (items is ["module", ..])
        {
            throw Fault("holds a whole module with its source. "
                + "Load it where it was made and save the weights alone: torch.save(model.state_dict(), path)");
        }
        if (items is not ["storage", PickleGlobal { Kind: GlobalKind.StorageType } type, string key, string, long count, ..]
            || items.Length > 6 || count < 0)
        {
            throw Fault($"refers to the outside by {(id is PickleTuple ? $"({Describe(items)})" : Describe(id))}, "
                + "expected ('storage', type, key, device, number of elements)");
        }
        if (key.Length > MaxKey)
        {
            throw Fault($"refers to a storage whose key has {key.Length} letters, expected at most {MaxKey}");
        }

        if (!_storages.TryGetValue(key, out PickleStorage? storage))
        {
            budget.Charge(EntryBytes, cursor.What);
            storage = new PickleStorage(key, type.Type, count, 0);
            _storages.Add(key, storage);
        }
        else if (storage.Type != type.Type || storage.Root != count)
        {
            throw Fault($"storage '{key}' is {count} elements of '{type.Name}' here and {storage.Root} of another type before");
        }
        return (items.Length == 6 ? items[5] : null) switch
        {
            null => storage,
            PickleTuple { Items: [string, long offset, long] } => storage with { Offset = offset },
            var view => throw Fault($"storage '{key}' has {Describe(view)} for a view, expected (key, offset, elements)"),
        };
    }

    private object Make(PickleGlobal global, object?[] items) => global.Kind switch
    {
        GlobalKind.Dict => Dict(global, items),
        GlobalKind.List => items is [PickleList list] ? list : items.Length == 0 ? new PickleList() : throw Arguments(global, items, "a list"),
        GlobalKind.Tuple => items is [PickleTuple or PickleList] ? items[0]! : throw Arguments(global, items, "a tuple"),
        GlobalKind.Opaque or GlobalKind.Foreign => new PickleOpaque(global.Name),
        GlobalKind.DefaultDict => new PickleDict(),
        GlobalKind.Tensor => Tensor(global, items, null),
        GlobalKind.TypedTensor => Tensor(global, items, items is [_, _, _, _, _, _, PickleGlobal { Kind: GlobalKind.ElementType, Type: { } type }, ..]
            ? type : throw Arguments(global, items, "an element type in the seventh place")),
        GlobalKind.Parameter => items is [PickleTensor tensor, ..] ? tensor : throw Arguments(global, items, "a tensor"),
        _ => throw Fault($"calls '{global.Name}', which a checkpoint only mentions"),
    };

    private PickleDict Dict(PickleGlobal global, object?[] items)
    {
        var dict = new PickleDict();
        if (items.Length == 0)
        {
            return dict;
        }

        if (items is [PickleDict other])
        {
            return other;
        }

        if (items is not [PickleList pairs])
        {
            throw Arguments(global, items, "nothing or a list of pairs");
        }

        budget.Charge((long)EntryBytes / 2 * pairs.Items.Count, cursor.What);
        foreach (object? pair in pairs.Items)
        {
            object?[] parts = pair switch
            {
                PickleTuple tuple => tuple.Items,
                PickleList { Items: { Count: 2 } list } => [list[0], list[1]],
                _ => [],
            };
            dict.Items.Add(parts is [var key, var value] ? new(key, value) : throw Arguments(global, items, "a list of pairs"));
        }
        return dict;
    }

    private PickleTensor Tensor(PickleGlobal global, object?[] items, SafetensorsType? given)
    {
        if (items is not [PickleStorage storage, long offset, PickleTuple shape, PickleTuple strides, ..] || offset < 0)
        {
            throw Arguments(global, items, "a storage, an offset, sizes and strides");
        }

        SafetensorsType type = given ?? storage.Type ?? throw Arguments(global, items, "a storage with an element type");
        if (storage.Offset < 0 || storage.Offset > long.MaxValue - offset)
        {
            throw Fault($"has a tensor at element {storage.Offset} + {offset} of a storage");
        }

        budget.Charge(EntryBytes + (16L * (shape.Items.Length + strides.Items.Length)), cursor.What);
        return new PickleTensor(storage, type, storage.Offset + offset, Longs(shape, "sizes"), Longs(strides, "strides"));
    }

    private long[] Longs(PickleTuple tuple, string what) =>
        tuple.Items.Length <= MaxRank && tuple.Items.All(i => i is long)
            ? [.. tuple.Items.Select(i => (long)i!)] : throw Fault($"has a tensor with {what} ({Describe(tuple.Items)}), expected a few integers");

    private CheckpointException Arguments(PickleGlobal global, object?[] items, string expected) =>
        Fault($"calls '{global.Name}' with ({Describe(items)}), expected {expected}");

    private CheckpointException Fault(string why) => cursor.FaultAt(_at, why);

    private static string Describe(object?[] items) =>
        string.Join(", ", items.Take(8).Select(Describe)) + (items.Length > 8 ? $", … {items.Length} in all" : "");

    /// <summary>A value in a message: short, and without looking into containers.</summary>
    internal static string Describe(object? value) => value switch
    {
        null => "None",
        string text => $"'{(text.Length > 40 ? $"{text[..40]}…" : text)}'",
        long or double or bool => FormattableString.Invariant($"{value}"),
        PickleTuple tuple => $"a tuple of {tuple.Items.Length}",
        PickleList list => $"a list of {list.Items.Count}",
        PickleDict dict => $"a dict of {dict.Items.Count}",
        PickleGlobal global => $"'{global.Name}'",
        PickleOpaque opaque => $"an object '{opaque.Name}'",
        PickleStorage => "a storage",
        PickleTensor tensor => $"a tensor [{string.Join(", ", tensor.Shape.Take(8))}]",
        _ => "a number or bytes",
    };
}
