namespace EdgeVit.Runtime.Tests.Processes;

/// <summary>What runs allocate on the managed heap. It takes a process of its own: the count is that of all threads, also of those that
/// have nothing to do with a session.</summary>
internal static class Allocations
{
    private const int WarmUp = 100;

    /// <summary>The exit code is 0 where no run allocated anything, with every kernel set and 1 to 4 threads, nor the way from a camera's frame to
    /// labels.</summary>
    internal static int Check(string file, int runs)
    {
        using EvitModel model = EvitModel.Open(file);
        float[] input = SelfTest.Input(1, model.InputShape);
        byte[] pixels = new byte[input.Length];
        float[] logits = new float[model.Classes];
        long total = 0;
        WaitForALock();
        foreach (KernelChoice kernel in KernelSets.Available)
        {
            for (int threads = 1; threads <= 4; threads++)
            {
                using Session session = model.CreateSession(new SessionOptions { Kernel = kernel, Threads = threads });
                Repeat(session, input, pixels, logits, WarmUp);
                long bytes = Least(() => Repeat(session, input, pixels, logits, runs));
                total += bytes;
                Console.WriteLine($"{KernelSets.Name(kernel)}, {threads} threads: {bytes} bytes in {runs} runs");
            }
        }

        total += Frames(model, runs);
        return total == 0 ? 0 : 1;
    }

    private static long Frames(EvitModel model, int runs)
    {
        var frame = new RgbImage(640, 480);
        new Random(1).NextBytes(frame.Pixels);
        var pipeline = new PreprocessPipeline(model.Preprocess);
        byte[] pixels = new byte[pipeline.Length];
        float[] logits = new float[model.Classes];
        var top = new Prediction[Math.Min(3, model.Classes)];
        using Session session = model.CreateSession();
        Classify(WarmUp);
        long bytes = Least(() => Classify(runs));
        Console.WriteLine($"frames to labels: {bytes} bytes in {runs} frames");
        return bytes;

        void Classify(int frames)
        {
            for (int i = 0; i < frames; i++)
            {
                pipeline.ToPixels(frame, pixels);
                session.RunNhwc(pixels, logits);
                Prediction.Top(logits, model.Labels, top);
            }
        }
    }

    // Of all threads. What a run allocates is allocated each time; .NET's own threads allocate something now and then.
    private static long Least(Action repeat)
    {
        long least = long.MaxValue;
        for (int i = 0; i < 3 && least > 0; i++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            repeat();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        return least;
    }

    // The first thread of a process that waits for a lock has .NET allocate something, once.
    private static void WaitForALock()
    {
        var gate = new Lock();
        object monitor = new();
        foreach (Action enter in (Action[])[() => { lock (gate) { } }, () => { lock (monitor) { } }])
        {
            var thread = new Thread(enter.Invoke);
            lock (gate)
            {
                lock (monitor)
                {
                    thread.Start();
                    Thread.Sleep(100);
                }
            }

            thread.Join();
        }
    }

    // Floats and pixels in turn.
    private static void Repeat(Session session, float[] input, byte[] pixels, float[] logits, int runs)
    {
        for (int run = 0; run < runs; run++)
        {
            if (run % 2 == 0)
            {
                session.RunNchw(input, logits);
            }
            else
            {
                session.RunNhwc(pixels, logits);
            }
        }
    }
}
