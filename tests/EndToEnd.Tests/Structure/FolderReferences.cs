using System.Collections.Immutable;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>
/// Which folder of a project uses which, out of the compiled project: a type lies where its source file does (the debug information knows it),
/// and it uses what its bases, members, attributes and instructions name. A constant leaves no trace in compiled code and is not seen.
/// </summary>
internal sealed class FolderReferences
{
    /// <summary>The folder of a program's entry point, which is its top and not a part of the folder that its file lies in.</summary>
    internal const string EntryPoint = "(entry point)";

    private const string MappedRoot = "/_/";

    private static readonly Guid s_typeDocuments = new("932E74BC-DBA9-4478-8D46-0F32A7BAB3D3");
    private static readonly Dictionary<int, OperandType> s_operands =
        typeof(OpCodes).GetFields().Select(f => (OpCode)f.GetValue(null)!).ToDictionary(c => (int)(ushort)c.Value, c => c.OperandType);

    private readonly PEReader _file;
    private readonly MetadataReader _types;
    private readonly MetadataReader _symbols;
    private readonly string _project;
    private readonly Dictionary<TypeDefinitionHandle, string?> _folders = [];

    private FolderReferences(PEReader file, MetadataReader symbols, string project)
    {
        (_file, _types, _symbols, _project) = (file, file.GetMetadataReader(), symbols, project);
        foreach (TypeDefinitionHandle type in _types.TypeDefinitions)
        {
            _folders[type] = Folder(type);
        }
    }

    /// <summary>Every use of one folder's type by another folder's, as <c>(From, To) -> "Type -> Type" ...</c>; the root of a project is <c>"."</c>.</summary>
    internal static SortedDictionary<(string From, string To), SortedSet<string>> Of(string assembly, string project)
    {
        using PEReader file = new(File.OpenRead(assembly));
        using MetadataReaderProvider symbols = MetadataReaderProvider.FromPortablePdbStream(File.OpenRead(Path.ChangeExtension(assembly, ".pdb")));
        return new FolderReferences(file, symbols.GetMetadataReader(), project).Collect();
    }

    /// <summary>The shortest cycles of folders, each as the folders on its way, without the cycles that only turn another one round.</summary>
    internal static IReadOnlyList<IReadOnlyList<string>> Cycles(IEnumerable<(string From, string To)> references)
    {
        ILookup<string, string> next = references.ToLookup(r => r.From, r => r.To);
        List<IReadOnlyList<string>> found = [];
        foreach (string start in next.Select(n => n.Key).Order(StringComparer.Ordinal))
        {
            Queue<ImmutableList<string>> ways = new([[start]]);
            HashSet<string> seen = [];
            while (ways.TryDequeue(out ImmutableList<string>? way))
            {
                if (next[way[^1]].Contains(start))
                {
                    if (!found.Any(f => f.ToHashSet().SetEquals(way)))
                    {
                        found.Add(way);
                    }

                    break;
                }

                foreach (string folder in next[way[^1]].Where(seen.Add))
                {
                    ways.Enqueue(way.Add(folder));
                }
            }
        }

        return found;
    }

    private SortedDictionary<(string From, string To), SortedSet<string>> Collect()
    {
        SortedDictionary<(string From, string To), SortedSet<string>> references = [];
        foreach ((TypeDefinitionHandle user, string? from) in _folders)
        {
            foreach (TypeDefinitionHandle used in Uses(user))
            {
                if (from != null && _folders[used] is { } to && to != from)
                {
                    (references.TryGetValue((from, to), out SortedSet<string>? names) ? names : references[(from, to)] = []).Add($"{Name(user)} -> {Name(used)}");
                }
            }
        }

        return references;
    }

    private string? Folder(TypeDefinitionHandle handle)
    {
        TypeDefinition type = _types.GetTypeDefinition(handle);
        if (!type.GetDeclaringType().IsNil)
        {
            return Folder(type.GetDeclaringType());
        }

        int entry = _file.PEHeaders.CorHeader!.EntryPointTokenOrRelativeVirtualAddress;
        if (entry != 0 && type.GetMethods().Any(m => MetadataTokens.GetToken(m) == entry))
        {
            return EntryPoint;
        }

        string? document = type.GetMethods().Select(MethodDocument).Concat(TypeDocuments(handle)).Concat(NestedDocuments(type)).FirstOrDefault(d => d != null);
        if (document == null)
        {
            return null;
        }

        string folder = Path.GetRelativePath(_project, Path.GetDirectoryName(document)!);
        // Of the compiler's own: what it writes lies among the intermediate files, or in no folder of this project.
        return folder.StartsWith("..", StringComparison.Ordinal) || folder.Split('/')[0] == "obj" ? null : folder;
    }

    private string? MethodDocument(MethodDefinitionHandle method)
    {
        MethodDebugInformation information = _symbols.GetMethodDebugInformation(method);
        return information.Document.IsNil ? null : DocumentName(information.Document);
    }

    // A type without code (an enumeration, an interface) has its documents in a record of its own: numbers, compressed.
    private IEnumerable<string?> TypeDocuments(TypeDefinitionHandle type)
    {
        foreach (CustomDebugInformationHandle handle in _symbols.GetCustomDebugInformation(type))
        {
            CustomDebugInformation information = _symbols.GetCustomDebugInformation(handle);
            if (_symbols.GetGuid(information.Kind) == s_typeDocuments)
            {
                yield return DocumentName(MetadataTokens.DocumentHandle(_symbols.GetBlobReader(information.Value).ReadCompressedInteger()));
            }
        }
    }

    private IEnumerable<string?> NestedDocuments(TypeDefinition type) =>
        type.GetNestedTypes().SelectMany(n => _types.GetTypeDefinition(n).GetMethods().Select(MethodDocument));

    // Packages are built without the machine's paths.
    private string DocumentName(DocumentHandle document)
    {
        string name = _symbols.GetString(_symbols.GetDocument(document).Name);
        return name.StartsWith(MappedRoot, StringComparison.Ordinal) ? Path.Combine(Repository.Root, name[MappedRoot.Length..]) : name;
    }

    private string Name(TypeDefinitionHandle handle)
    {
        TypeDefinition type = _types.GetTypeDefinition(handle);
        return type.GetDeclaringType().IsNil ? _types.GetString(type.Name) : Name(type.GetDeclaringType());
    }

    private HashSet<TypeDefinitionHandle> Uses(TypeDefinitionHandle handle)
    {
        TypeDefinition type = _types.GetTypeDefinition(handle);
        NamedTypes named = new(_types);
        named.Add(type.BaseType);
        named.Add(type.GetInterfaceImplementations().Select(i => _types.GetInterfaceImplementation(i).Interface));
        named.Add(type.GetGenericParameters().SelectMany(Constraints));
        named.Add(type.GetFields().Select(f => (EntityHandle)f));
        named.Add(type.GetMethods().Select(m => (EntityHandle)m));
        foreach (MethodDefinition method in type.GetMethods().Select(_types.GetMethodDefinition))
        {
            named.Add(method.GetGenericParameters().SelectMany(Constraints));
            named.Add(method.GetCustomAttributes().Select(a => _types.GetCustomAttribute(a).Constructor));
            if (method.RelativeVirtualAddress != 0)
            {
                Body(_file.GetMethodBody(method.RelativeVirtualAddress), named);
            }
        }

        named.Add(type.GetCustomAttributes().Select(a => _types.GetCustomAttribute(a).Constructor));
        return named.Found;
    }

    private IEnumerable<EntityHandle> Constraints(GenericParameterHandle parameter) =>
        _types.GetGenericParameter(parameter).GetConstraints().Select(c => _types.GetGenericParameterConstraint(c).Type);

    private void Body(MethodBodyBlock body, NamedTypes named)
    {
        if (!body.LocalSignature.IsNil)
        {
            _types.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(named, null);
        }

        named.Add(body.ExceptionRegions.Select(r => r.CatchType));
        BlobReader code = body.GetILReader();
        while (code.RemainingBytes > 0)
        {
            int value = code.ReadByte();
            switch (s_operands[value == 0xFE ? (value << 8) | code.ReadByte() : value])
            {
                case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType:
                    named.Add(MetadataTokens.EntityHandle(code.ReadInt32()));
                    break;
                case OperandType.InlineNone:
                    break;
                case OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar:
                    code.Offset++;
                    break;
                case OperandType.InlineVar:
                    code.Offset += 2;
                    break;
                case OperandType.InlineI8 or OperandType.InlineR:
                    code.Offset += 8;
                    break;
                case OperandType.InlineSwitch:
                    int cases = code.ReadInt32();
                    code.Offset += 4 * cases;
                    break;
                default:
                    code.Offset += 4;
                    break;
            }
        }
    }
}
