namespace EdgeVit.Imaging.Tests;

/// <summary>Pictures decoded on many threads at once.</summary>
public sealed class DecodingMemoryTests
{
    /// <summary>Together they never take more than there is, but for one that is larger alone, and all come through.</summary>
    [Theory]
    [InlineData(100, 30)]
    [InlineData(10, 30)]
    [InlineData(1000, 30)]
    public void NoMoreAreDecodedAtATimeThanMemoryHolds(int room, int largest)
    {
        var memory = new DecodingMemory(room);
        int taken = 0, inside = 0, done = 0, most = 0;
        Thread[] threads = [.. Enumerable.Range(0, 8).Select(t => new Thread(() =>
        {
            var random = new Random(t);
            for (int i = 0; i < 200; i++)
            {
                int size = 1 + random.Next(largest);
                memory.Enter(size);
                int now = Interlocked.Add(ref taken, size), others = Interlocked.Increment(ref inside);
                if (now > room && others > 1)
                {
                    Interlocked.Exchange(ref most, now);
                }

                Thread.Yield();
                Interlocked.Decrement(ref inside);
                Interlocked.Add(ref taken, -size);
                memory.Leave(size);
                Interlocked.Increment(ref done);
            }
        }))];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        Assert.Equal((1600, 0, 0), (done, taken, most));
    }

    /// <summary>Small ones that overlap leave no moment without any; a large one gets its turn all the same.</summary>
    [Theory]
    [InlineData(100)]
    [InlineData(1000)]
    public void ALargeOneGetsItsTurnAmongSmallOnes(int large)
    {
        var memory = new DecodingMemory(100);
        bool enough = false;
        using var busy = new CountdownEvent(3);
        Thread[] small = [.. Enumerable.Range(0, 3).Select(t => new Thread(() =>
        {
            memory.Enter(10);
            busy.Signal();
            while (!Volatile.Read(ref enough))
            {
                // The next begins before the last has ended.
                Thread.Sleep(1 + t);
                var next = new Thread(() => memory.Enter(10));
                next.Start();
                next.Join(20);
                memory.Leave(10);
                next.Join();
            }

            memory.Leave(10);
        }) { IsBackground = true })];
        Array.ForEach(small, t => t.Start());
        busy.Wait();
        var waiting = new Thread(() =>
        {
            memory.Enter(large);
            memory.Leave(large);
        })
        { IsBackground = true };
        waiting.Start();
        bool came = waiting.Join(TimeSpan.FromSeconds(10));
        Volatile.Write(ref enough, true);
        Assert.True(came);
        Array.ForEach(small, t => t.Join());
    }
}
