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
    public void TheRandomGraphsHoldEveryStageOfSuchForms()
    {
        var found = new HashSet<string>();
        for (int seed = 0; seed < Graphs; seed++)
        {
            (ModelGraph graph, GraphBuilder b) = RandomGraphs.BuildFolded(seed);
            foreach (Runtime.EpilogueOp s in Stages(graph, b.Tensors))
            {
                bool isSum = s.Number == 1;
                string place = s.Factor > 1 ? " up-sampled" : s.Modulo > 0 ? " tiled" : "";
                found.Add(s.Kind switch
                {
                    EpilogueOpKind.AddPool or EpilogueOpKind.AddShift when s.P1 != null => "",
                    EpilogueOpKind.AddPool => $"AddPool {s.Window.KernelH}x{s.Window.KernelW}{(isSum ? " sum" : "")}",
                    EpilogueOpKind.LoadPool => $"LoadPool{(isSum && s.Window is not { KernelH: 1, KernelW: 1 } ? " sum" : "")}{(s.Zeros == null ? "" : " padded")}",
                    EpilogueOpKind.LoadCounts when s.Number == 0 => "LoadCounts",
                    EpilogueOpKind.RPReLU when s.P0 == null => "Leaky",
                    EpilogueOpKind.AddRow or EpilogueOpKind.AddScaledRow or EpilogueOpKind.ScaleAddRow => $"{s.Kind}{place}",
                    EpilogueOpKind.AddShift => "AddShift",
                    _ => "",
                });
            }
        }

        string[] expected =
        [
            "AddPool 3x1", "AddPool 3x1 sum", "AddPool 1x3", "AddPool 1x3 sum", "AddPool 5x1 sum", "AddPool 1x5 sum", "LoadPool sum", "LoadPool sum padded", "LoadCounts", "Leaky",
            "AddRow", "AddRow up-sampled", "AddRow tiled", "AddScaledRow", "AddScaledRow up-sampled", "AddScaledRow tiled", "ScaleAddRow", "ScaleAddRow tiled", "AddShift",
        ];
        Assert.Equal([], expected.Except(found));

        // A stage that scales what is in registers has no row by index: sums of such rows begin with them.
        Assert.DoesNotContain("ScaleAddRow up-sampled", found);
    }

    private static List<Runtime.EpilogueOp> Stages(ModelGraph graph, IReadOnlyDictionary<string, StoredTensor> tensors)
    {
        IReadOnlyDictionary<string, ValueShape> shapes = GraphValidator.Validate(graph, tensors);
        var grouping = new StepGrouping(graph, shapes);
        var places = new ValuePlaces(graph, shapes, grouping);
        using var weights = new PlanWeights(tensors);
        var stages = new List<Runtime.EpilogueOp>();
        foreach (StepDraft draft in grouping.Steps)
        {
            var builder = new RowProgramBuilder(grouping, places, shapes, weights, KernelSets.Make(KernelChoice.Scalar).Rows, draft);
            Runtime.EpilogueOp? source = draft.Head is { } head ? StepFactory.Source(head, shapes[head.Inputs[0]], shapes[head.Output], weights) : null;
            stages.AddRange(builder.Build(source).Ops);
        }

        return stages;
    }
}
