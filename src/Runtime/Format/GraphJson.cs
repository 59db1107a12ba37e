using System.Text;
using System.Text.Json;

namespace EdgeVit.Runtime;

/// <summary>The one definition of how a graph is written as JSON (metadata key <c>edgevit.graph</c>, schema
/// <see cref="ModelGraph.Schema"/>): <c>{schema, name, input: {name, shape}, output, nodes: [{op, name, inputs?, output?, tensors?,
/// attributes?}]}</c>. Left out are a node's <c>inputs</c> where they are the value before it (the graph's input for the first node),
/// <c>output</c> where it equals the name, <c>tensors</c> and <c>attributes</c> where they are empty. <c>tensors</c> is an object of roles and
/// names, or an array of roles where each tensor is called <c>name.role</c>.</summary>
internal static class GraphJson
{
    private const int MaxNodes = 4096;

    private static readonly Dictionary<string, string> s_noTensors = [];
    private static readonly Dictionary<string, int> s_noAttributes = [];

    public static string Write(ModelGraph graph)
    {
        return JsonText.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("schema", $"{ModelGraph.Schema}{graph.Version}");
            writer.WriteString("name", graph.Name);
            writer.WriteStartObject("input");
            writer.WriteString("name", graph.InputName);
            JsonText.Array(writer, "shape", graph.InputShape);
            writer.WriteEndObject();
            writer.WriteString("output", graph.OutputName);
            writer.WriteStartArray("nodes");
            string previous = graph.InputName;
            foreach (GraphNode node in graph.Nodes)
            {
                WriteNode(writer, node, previous);
                previous = node.Output;
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    /// <summary>Reads a graph. Only the form is checked here; <see cref="GraphValidator"/> checks the meaning.</summary>
    /// <param name="json">The graph.</param>
    /// <param name="former">Whether earlier versions are taken, too; such a graph is not for running.</param>
    /// <exception cref="EvitFormatException">Not JSON, another schema, unknown keys or ops, wrong types.</exception>
    public static ModelGraph Read(string json, bool former = false)
    {
        const string Where = "graph";
        JsonEntry root = JsonTable.Parse(Encoding.UTF8.GetBytes(json), Where);
        root.OnlyKeys(Where, "schema", "name", "input", "output", "nodes");
        string schema = root.Get("schema", Where).String("graph: schema");
        int version = ModelGraph.CurrentVersion;
        while (version > 0 && schema != $"{ModelGraph.Schema}{version}")
        {
            version--;
        }

        if (version == 0)
        {
            throw new EvitFormatException(
                $"graph: schema is '{schema}', expected '{ModelGraph.Schema}{ModelGraph.CurrentVersion}' or an earlier version (a file of a newer EdgeVit?)");
        }

        if (version != ModelGraph.CurrentVersion && !former)
        {
            throw new EvitFormatException(
                $"graph: schema is '{schema}', that of an earlier EdgeVit, expected '{ModelGraph.Schema}{ModelGraph.CurrentVersion}'")
            {
                Remedy = "'edgevit import old.evit --out new.evit' writes the same model as a file that runs.",
            };
        }

        JsonEntry input = root.Get("input", Where);
        input.OnlyKeys("graph: input", "name", "shape");
        string previous = input.Get("name", "graph: input").String("graph: input name");
        string inputName = previous;
        JsonEntry list = root.Get("nodes", Where);
        int count = list.Count("graph: nodes");
        if (count > MaxNodes)
        {
            throw new EvitFormatException($"graph: {count} nodes, expected at most {MaxNodes}");
        }

        var nodes = new GraphNode[count];
        int index = 0;
        foreach (JsonEntry node in list.Elements("graph: nodes"))
        {
            nodes[index] = ReadNode(node, index, previous);
            previous = nodes[index].Output;
            index++;
        }

        return new ModelGraph(
            root.Get("name", Where).String("graph: name"),
            inputName,
            input.Get("shape", "graph: input").Ints("graph: input shape"),
            root.Get("output", Where).String("graph: output"),
            nodes)
        {
            Version = version,
        };
    }

    private static void WriteNode(Utf8JsonWriter writer, GraphNode node, string previous)
    {
        writer.WriteStartObject();
        writer.WriteString("op", Ops.Of(node.Op).Name);
        writer.WriteString("name", node.Name);
        if (node.Inputs.Count != 1 || node.Inputs[0] != previous)
        {
            JsonText.Array(writer, "inputs", node.Inputs);
        }

        if (node.Output != node.Name)
        {
            writer.WriteString("output", node.Output);
        }

        if (node.Tensors.Count > 0 && node.Tensors.All(t => t.Value == $"{node.Name}.{t.Key}"))
        {
            JsonText.Array(writer, "tensors", [.. node.Tensors.Keys]);
        }
        else if (node.Tensors.Count > 0)
        {
            writer.WriteStartObject("tensors");
            foreach ((string role, string name) in node.Tensors)
            {
                writer.WriteString(role, name);
            }

            writer.WriteEndObject();
        }

        if (node.Attributes.Count > 0)
        {
            writer.WriteStartObject("attributes");
            foreach ((string key, int value) in node.Attributes)
            {
                writer.WriteNumber(key, value);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private static GraphNode ReadNode(JsonEntry node, int index, string previous)
    {
        string where = $"graph node {index}";
        node.OnlyKeys(where, "op", "name", "inputs", "output", "tensors", "attributes");
        string name = node.Get("name", where).String(where, "name");
        where = $"graph node {index} ('{name}')";
        string opName = node.Get("op", where).String(where, "op");
        Op op = Ops.Parse(opName)
            ?? throw new EvitFormatException($"{where}: op is '{opName}', expected one of {string.Join(", ", Ops.All.Select(r => r.Name))}");

        Dictionary<string, string> tensors = s_noTensors;
        Dictionary<string, int> attributes = s_noAttributes;
        JsonEntry? roles = node.Find("tensors", where);
        if (roles is { Kind: JsonKind.Array })
        {
            string[] names = roles.Value.Strings(where, "tensors");
            tensors = new Dictionary<string, string>(names.Length, StringComparer.Ordinal);
            foreach (string role in names)
            {
                JsonEntry.Add(tensors, role, $"{name}.{role}", where, "tensors");
            }
        }
        else if (roles is not null)
        {
            tensors = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (JsonMember role in roles.Value.Members($"{where}: tensors"))
            {
                string key = role.Name;
                JsonEntry.Add(tensors, key, role.Value.String(where, "tensor", key), where, "tensors");
            }
        }

        if (node.Find("attributes", where) is { } numbers)
        {
            attributes = new Dictionary<string, int>(StringComparer.Ordinal);
            foreach (JsonMember number in numbers.Members($"{where}: attributes"))
            {
                string key = number.Name;
                JsonEntry.Add(attributes, key, number.Value.Int(where, "attribute", key), where, "attributes");
            }
        }

        string output = node.Find("output", where) is { } named ? named.String(where, "output") : name;
        string[] inputs = node.Find("inputs", where) is { } list ? list.Strings(where, "inputs") : [previous];
        return new GraphNode(op, name, inputs, output, tensors, attributes);
    }
}
