namespace EdgeVit.Runtime.Tests;

/// <summary>Graphs of a file may hold the forms that folding makes anywhere, not only where it puts them.</summary>
public unsafe class FoldedFormTests
{
    private const int Graphs = 200;

    [Fact]
    public void RandomGraphsGiveTheInterpretersBits()
    {
        for (int seed = 0; seed < Graphs; seed++)
        {
            (ModelGraph graph, GraphBuilder b) = RandomGraphs.BuildFolded(seed);
            EvitFile file = EvitFile.Parse(EvitBytes.Model(graph, b.Tensors));
            Assert.Equal(graph.Nodes.Select(n => n.Op), file.Graph.Nodes.Select(n => n.Op));
            float[] input = SelfTest.Input(3, graph.InputShape);
            float[] expected = Models.Interpreter(file).Run(input)[graph.OutputName].Floats;
            var logits = new float[expected.Length];
            using EvitModel model = EvitModel.Load(file);

            // Every kernel set takes every second graph.
            foreach (KernelChoice kernel in KernelSets.Available.Where(k => ((seed + (int)k) & 1) == 0))
            {
                int threads = 1 + (seed / 2 % 4);
                using Session session = model.CreateSession(new SessionOptions { Kernel = kernel, Threads = threads });
                session.RunNchw(input, logits);
                Models.AssertSameBits(expected, logits, $"graph {seed}, {kernel}, {threads} threads");
            }
        }
    }

    [Fact]
    public void TheRandomGraphsFillEverySlotInEveryForm()
    {
        var found = new HashSet<string>();
        for (int seed = 0; seed < Graphs; seed++)
        {
            (ModelGraph graph, GraphBuilder b) = RandomGraphs.BuildFolded(seed);
            foreach ((Epilogue epilogue, bool ofCounts) in Epilogues(graph, b.Tensors))
            {
                string product = ofCounts ? "counts" : "products";
                for (int i = 0; i < Slots.Count; i++)
                {
                    found.Add(Form(i, epilogue.Items[i], epilogue.Neighbours[i], product));
                }

                if (epilogue.Items[Slots.Source].Joins)
                {
                    string shortcut = Form(Slots.Shortcut, epilogue.Items[Slots.Shortcut], epilogue.Neighbours[Slots.Shortcut], product);
                    found.Add(ofCounts ? $"counts joined{shortcut["shortcut".Length..]}" : "products joined");
                }
            }
        }

        string[] rows = ["", " up-sampled", " tiled"];
        string[] expected =
        [
            "counts", "products", .. rows.Select(r => $"counts joined{r}"), "products joined", .. rows.Select(r => $"source{r}"), "source of neighbours", "source of neighbours sum",
            .. rows.Select(r => $"shortcut{r}"), "leaky", "RPReLU", .. rows.Select(r => $"residual{r}"), .. rows.Select(r => $"scaled residual{r}"),
            "branch above", "branch above sum", "branch beside", "branch beside sum", "branch of parts", "branch of others sum",
            "store", "norm", "norm store", "sign", "sign 2", "mean 2", "mean 4", "mean 8",
        ];
        Assert.Equal([], expected.Except(found));
    }

    private static string Form(int slot, Slot s, NeighbourRows? rows, string product)
    {
        string form = rows switch
        {
            { IsSum: false, Repeat: > 1 } => " up-sampled",
            { Factor: 1 } => " of neighbours sum",
            not null => " of neighbours",
            null => s.Modulo > 0 ? " tiled" : "",
        };
        return !s.IsPresent ? "" : slot switch
        {
            Slots.Source when s.P0 != null => product,
            Slots.Source => $"source{form}",
            < Slots.RPReLU => $"shortcut{form}",
            Slots.RPReLU => s.P0 == null ? "leaky" : "RPReLU",
            Slots.Residual => $"{(s.P0 == null ? "" : "scaled ")}residual{form}",
            < Slots.Store when rows!.Parts > 1 => "branch of parts",
            < Slots.Store => $"branch {rows.Reach(rows.Width) switch { ( > 0, _) => "above", (_, > 0) => "beside", _ => "of others" }}{(rows.Factor == 1 ? " sum" : "")}",
            Slots.Store => "store",
            Slots.Norm => "norm",
            Slots.NormStore => "norm store",
            Slots.Sign => "sign",
            < Slots.Mean => $"sign {slot - Slots.Sign + 1}",
            _ => $"mean {s.Number}",
        };
    }

    /// <summary>The epilogues of all steps, and whether their step begins with counts of differing bits.</summary>
    private static List<(Epilogue Epilogue, bool OfCounts)> Epilogues(ModelGraph graph, IReadOnlyDictionary<string, StoredTensor> tensors)
    {
        IReadOnlyDictionary<string, ValueShape> shapes = GraphValidator.Validate(graph, tensors);
        var grouping = new StepGrouping(graph, shapes);
        var places = new ValuePlaces(graph, shapes, grouping);
        using var weights = new PlanWeights(tensors);
        var epilogues = new List<(Epilogue, bool)>();
        foreach (StepDraft draft in grouping.Steps)
        {
            var builder = new EpilogueBuilder(grouping, places, shapes, weights, KernelSets.Make(KernelChoice.Scalar).Rows, draft, compiled: true);
            Slot? source = draft.Head is { } head ? StepFactory.Source(head, shapes[head.Output], weights) : null;
            epilogues.AddRange(builder.Build(source).Items.OfType<Epilogue>().Select(e => (e, draft.Head is { } product && StepFactory.IsCount(product))));
        }

        return epilogues;
    }
}
