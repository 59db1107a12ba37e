using System.Text;
using System.Text.Json;

namespace EdgeVit.Runtime;

/// <summary>The one definition of how a graph is written as JSON (metadata key <c>edgevit.graph</c>, schema
/// <see cref="ModelGraph.Schema"/>): <c>{schema, name, input: {name, shape}, output, nodes: [{op, name, inputs, output?, tensors?,
/// attributes?}]}</c>. A node's <c>output</c> is left out where it equals the name, <c>tensors</c> and <c>attributes</c> where they are
/// empty.</summary>
public static class GraphJson
{
    private const int MaxNodes = 4096;

    /// <summary>Writes a graph.</summary>
    public static string Write(ModelGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return JsonText.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("schema", ModelGraph.Schema);
            writer.WriteString("name", graph.Name);
            writer.WriteStartObject("input");
            writer.WriteString("name", graph.InputName);
            JsonText.Array(writer, "shape", graph.InputShape);
            writer.WriteEndObject();
            writer.WriteString("output", graph.OutputName);
            writer.WriteStartArray("nodes");
            foreach (GraphNode node in graph.Nodes)
            {
                WriteNode(writer, node);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    /// <summary>Reads a graph. Only the form is checked here; <see cref="GraphValidator"/> checks the meaning.</summary>
    /// <exception cref="EvitFormatException">Not JSON, another schema, unknown keys or ops, wrong types.</exception>
    public static ModelGraph Read(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        const string Where = "graph";
        JsonNode root = JsonTable.Parse(Encoding.UTF8.GetBytes(json), Where);
        root.OnlyKeys(Where, "schema", "name", "input", "output", "nodes");
        string schema = root.Get("schema", Where).String("graph: schema");
        if (schema != ModelGraph.Schema)
        {
            throw new EvitFormatException($"graph: schema is '{schema}', expected '{ModelGraph.Schema}' (a file of a newer EdgeVit?)");
        }

        JsonNode input = root.Get("input", Where);
        input.OnlyKeys("graph: input", "name", "shape");
        JsonNode list = root.Get("nodes", Where);
        int count = list.Count("graph: nodes");
        if (count > MaxNodes)
        {
            throw new EvitFormatException($"graph: {count} nodes, expected at most {MaxNodes}");
        }

        var nodes = new GraphNode[count];
        int index = 0;
        foreach (JsonNode node in list.Elements("graph: nodes"))
        {
            nodes[index] = ReadNode(node, index);
            index++;
        }

        return new ModelGraph(
            root.Get("name", Where).String("graph: name"),
            input.Get("name", "graph: input").String("graph: input name"),
            input.Get("shape", "graph: input").Ints("graph: input shape"),
            root.Get("output", Where).String("graph: output"),
            nodes);
    }

    private static void WriteNode(Utf8JsonWriter writer, GraphNode node)
    {
        writer.WriteStartObject();
        writer.WriteString("op", OpNames.Of(node.Op));
        writer.WriteString("name", node.Name);
        JsonText.Array(writer, "inputs", node.Inputs);
        if (node.Output != node.Name)
        {
            writer.WriteString("output", node.Output);
        }

        if (node.Tensors.Count > 0)
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

    private static GraphNode ReadNode(JsonNode node, int index)
    {
        string where = $"graph node {index}";
        node.OnlyKeys(where, "op", "name", "inputs", "output", "tensors", "attributes");
        string name = node.Get("name", where).String(where, "name");
        where = $"graph node {index} ('{name}')";
        string opName = node.Get("op", where).String(where, "op");
        Op op = OpNames.Parse(opName)
            ?? throw new EvitFormatException($"{where}: op is '{opName}', expected one of {string.Join(", ", OpNames.All)}");

        var tensors = new Dictionary<string, string>(StringComparer.Ordinal);
        var attributes = new Dictionary<string, int>(StringComparer.Ordinal);
        if (node.Find("tensors", where) is { } roles)
        {
            foreach (JsonMember role in roles.Members($"{where}: tensors"))
            {
                string key = role.Name;
                JsonNode.Add(tensors, key, role.Value.String(where, "tensor", key), $"{where}: tensors");
            }
        }

        if (node.Find("attributes", where) is { } numbers)
        {
            foreach (JsonMember number in numbers.Members($"{where}: attributes"))
            {
                string key = number.Name;
                JsonNode.Add(attributes, key, number.Value.Int(where, "attribute", key), $"{where}: attributes");
            }
        }

        string output = node.Find("output", where) is { } named ? named.String(where, "output") : name;
        return new GraphNode(op, name, node.Get("inputs", where).Strings(where, "inputs"), output, tensors, attributes);
    }
}
