using TorchSharp;
using TorchSharp.Modules;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Computes the gradient of a batch by several copies of a network, each on a part of the batch.</summary>
internal sealed class Replicas : IDisposable
{
    private readonly nn.Module<Tensor, Tensor> _model;
    private readonly ITrainingTask[] _copies;
    private readonly bool _mixed;

    internal Replicas(nn.Module<Tensor, Tensor> model, Division division, bool mixed)
    {
        (_model, _mixed) = (model, mixed);
        Threads = Math.Clamp(division.Threads, 1, division.Parts);
        _copies = [.. Enumerable.Range(0, division.Parts).Select(_ => division.Copy())];
    }

    /// <summary>How many there are: parts of a batch.</summary>
    internal int Copies => _copies.Length;

    /// <summary>How many of them compute at the same time; the numbers are the same for any.</summary>
    internal int Threads { get; set; }

    /// <summary>Adds the mean loss's gradient to that of the network's parameters and returns the loss. Running statistics become the means of what
    /// the parts have seen.</summary>
    internal double Run(Batch batch, PixelSource source, Device device)
    {
        int parts = Math.Min(_copies.Length, Math.Max(1, batch.Count / 2));
        var losses = new double[parts];
        var failures = new Exception?[parts];
        int threads = torch.get_num_threads();
        int next = -1;
        void Work()
        {
            torch.set_num_threads(1);
            for (int part = Interlocked.Increment(ref next); part < parts; part = Interlocked.Increment(ref next))
            {
                try
                {
                    losses[part] = Part(_copies[part], batch.Part(part, parts), batch.Whole, source, device);
                }
                catch (Exception e)
                {
                    failures[part] = e;
                }
            }
        }

        Thread[] others = [.. Enumerable.Range(1, Math.Min(Threads, parts) - 1).Select(i => new Thread(Work) { IsBackground = true, Name = $"replica {i}" })];
        foreach (Thread thread in others)
        {
            thread.Start();
        }

        Work();
        foreach (Thread thread in others)
        {
            thread.Join();
        }

        torch.set_num_threads(threads);
        if (failures.FirstOrDefault(f => f is not null) is { } failure)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }

        Collect(parts);
        return losses.Sum();
    }

    public void Dispose()
    {
        foreach (ITrainingTask copy in _copies)
        {
            copy.Model.Dispose();
        }
    }

    /// <summary>The loss of a part by its share of the batch; its gradient stays with the copy.</summary>
    private double Part(ITrainingTask copy, Batch part, int whole, PixelSource source, Device device)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        using (torch.no_grad())
        {
            Dictionary<string, Tensor> from = _model.state_dict();
            foreach ((string name, Tensor target) in copy.Model.state_dict())
            {
                target.copy_(from[name]);
            }
        }
        copy.Model.train();
        copy.Model.zero_grad();
        Tensor images = part.ToTensor(source, device);
        Tensor labels = torch.tensor(part.Labels).to(device);
        Tensor loss;
        using (MixedPrecision.Scope(_mixed))
        {
            loss = copy.Loss(images, labels, part) * Number((double)part.Count / whole);
        }

        double value = loss.item<float>();
        if (double.IsFinite(value))
        {
            loss.backward();
        }

        return value;
    }

    /// <summary>Sums gradients and averages running statistics, in the order of the parts.</summary>
    private void Collect(int parts)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        using IDisposable frozen = torch.no_grad();
        Parameter[][] all = [.. _copies.Take(parts).Select(c => c.Model.parameters().ToArray())];
        int at = 0;
        foreach (Parameter own in _model.parameters())
        {
            foreach (Parameter[] copy in all)
            {
                if (copy[at].grad is not { } grad)
                {
                    continue;
                }

                if (own.grad is { } sum)
                {
                    sum.add_(grad, One);
                }
                else
                {
                    own.grad = grad.clone();
                }
            }
            at++;
        }
        Tensor[][] buffers = [.. _copies.Take(parts).Select(c => c.Model.buffers().ToArray())];
        at = 0;
        foreach (Tensor own in _model.buffers())
        {
            if (own.is_floating_point())
            {
                own.copy_(buffers[0][at]);
                for (int part = 1; part < parts; part++)
                {
                    own.add_(buffers[part][at], One);
                }

                own.div_(Number(parts));
            }
            at++;
        }
    }
}
