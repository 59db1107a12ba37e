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
        using JsonDocument document = Json.Parse(json, Where);
        JsonElement root = document.RootElement;
        Json.OnlyKeys(root, Where, "schema", "name", "input", "output", "nodes");
        string schema = Json.String(Json.Get(root, "schema", Where), "graph: schema");
        if (schema != ModelGraph.Schema)
        {
            throw new EvitFormatException($"graph: schema is '{schema}', expected '{ModelGraph.Schema}' (a file of a newer EdgeVit?)");
        }

        JsonElement input = Json.Get(root, "input", Where);
        Json.OnlyKeys(input, "graph: input", "name", "shape");
        JsonElement nodes = Json.Get(root, "nodes", Where);
        Json.Expect(nodes, JsonValueKind.Array, "graph: nodes");
        if (nodes.GetArrayLength() > MaxNodes)
        {
            throw new EvitFormatException($"graph: {nodes.GetArrayLength()} nodes, expected at most {MaxNodes}");
        }

        return new ModelGraph(
            Json.String(Json.Get(root, "name", Where), "graph: name"),
            Json.String(Json.Get(input, "name", "graph: input"), "graph: input name"),
            Json.Ints(Json.Get(input, "shape", "graph: input"), "graph: input shape"),
            Json.String(Json.Get(root, "output", Where), "graph: output"),
            [.. nodes.EnumerateArray().Select(ReadNode)]);
    }

    private static void WriteNode(Utf8JsonWriter writer, GraphNode node)
    {
        writer.WriteStartObject();
        writer.WriteString("op", node.Op.ToString());
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

    private static GraphNode ReadNode(JsonElement element, int index)
    {
        string where = $"graph node {index}";
        Json.OnlyKeys(element, where, "op", "name", "inputs", "output", "tensors", "attributes");
        string name = Json.String(Json.Get(element, "name", where), $"{where}: name");
        where = $"graph node {index} ('{name}')";
        string opName = Json.String(Json.Get(element, "op", where), $"{where}: op");
        if (!Enum.TryParse(opName, out Op op) || op.ToString() != opName)
        {
            throw new EvitFormatException($"{where}: op is '{opName}', expected one of {string.Join(", ", Enum.GetNames<Op>())}");
        }

        var tensors = new Dictionary<string, string>(StringComparer.Ordinal);
        var attributes = new Dictionary<string, int>(StringComparer.Ordinal);
        if (element.TryGetProperty("tensors", out JsonElement tensorsElement))
        {
            Json.Expect(tensorsElement, JsonValueKind.Object, $"{where}: tensors");
            foreach (JsonProperty pair in tensorsElement.EnumerateObject())
            {
                string role = Json.Name(pair, where);
                Json.Add(tensors, role, Json.String(pair.Value, $"{where}: tensor '{role}'"), $"{where}: tensors");
            }
        }

        if (element.TryGetProperty("attributes", out JsonElement attributesElement))
        {
            Json.Expect(attributesElement, JsonValueKind.Object, $"{where}: attributes");
            foreach (JsonProperty pair in attributesElement.EnumerateObject())
            {
                string key = Json.Name(pair, where);
                Json.Add(attributes, key, Json.Int(pair.Value, $"{where}: attribute '{key}'"), $"{where}: attributes");
            }
        }

        string output = element.TryGetProperty("output", out JsonElement outputElement) ? Json.String(outputElement, $"{where}: output") : name;
        return new GraphNode(op, name, Json.Strings(Json.Get(element, "inputs", where), $"{where}: inputs"), output, tensors, attributes);
    }
}
