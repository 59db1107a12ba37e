namespace TorchSharp;

/// <summary>
/// Frees the tensors made since it began when it is disposed. Scopes nest and belong to the thread that opened them; never await inside
/// one.
/// </summary>
public sealed class DisposeScope : IDisposable
{
    [ThreadStatic]
    private static DisposeScope? s_current;

    private readonly HashSet<IDisposable> _members = new(ReferenceEqualityComparer.Instance);
    private bool _disposed;

    internal DisposeScope()
    {
        OuterScope = s_current;
        s_current = this;
    }

    /// <summary>The innermost open scope of this thread, or null.</summary>
    internal static DisposeScope? Current => s_current;

    internal DisposeScope? OuterScope { get; private set; }

    /// <summary>What this scope will dispose, in no particular order.</summary>
    public IReadOnlyList<IDisposable> DisposablesView => [.. _members];

    /// <summary>How many objects this scope will dispose.</summary>
    public int DisposablesCount => _members.Count;

    internal void Include(torch.Tensor tensor)
    {
        _members.Add(tensor);
        tensor.OwningDisposeScope = this;
    }

    internal void Forget(torch.Tensor tensor)
    {
        _members.Remove(tensor);
        tensor.OwningDisposeScope = null;
    }

    /// <summary>Hands an object to the enclosing scope (to nobody when there is none).</summary>
    public T MoveToOuter<T>(T disposable) where T : IDisposable => MoveToOther(OuterScope, disposable);

    /// <summary>Hands two objects to the enclosing scope.</summary>
    public (T1 first, T2 second) MoveToOuter<T1, T2>(T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable
        => (MoveToOuter(first), MoveToOuter(second));

    /// <summary>Hands three objects to the enclosing scope.</summary>
    public (T1 first, T2 second, T3 third) MoveToOuter<T1, T2, T3>(T1 first, T2 second, T3 third)
        where T1 : IDisposable where T2 : IDisposable where T3 : IDisposable
            => (MoveToOuter(first), MoveToOuter(second), MoveToOuter(third));

    /// <summary>Hands objects to the enclosing scope.</summary>
    public void MoveToOuter(params IDisposable[] disposables) => MoveToOuter((IEnumerable<IDisposable>)disposables);

    /// <summary>Hands objects to the enclosing scope.</summary>
    public void MoveToOuter(IEnumerable<IDisposable> disposables) => MoveToOther(OuterScope, disposables);

    /// <summary>Hands an object to another scope (null: to nobody).</summary>
    public T MoveToOther<T>(DisposeScope? scope, T disposable) where T : IDisposable
    {
        MoveOne(scope, disposable);
        return disposable;
    }

    /// <summary>Hands objects to another scope (null: to nobody).</summary>
    public void MoveToOther(DisposeScope? scope, params IDisposable[] disposables)
        => MoveToOther(scope, (IEnumerable<IDisposable>)disposables);

    /// <summary>Hands objects to another scope (null: to nobody).</summary>
    public void MoveToOther(DisposeScope? scope, IEnumerable<IDisposable> disposables)
    {
        foreach (IDisposable disposable in disposables) MoveOne(scope, disposable);
    }

    /// <summary>Takes an object out of this scope: the caller disposes it.</summary>
    public T Detach<T>(T disposable) where T : IDisposable => MoveToOther(null, disposable);

    /// <summary>Takes two objects out of this scope.</summary>
    public (T1 first, T2 second) Detach<T1, T2>(T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable
        => (Detach(first), Detach(second));

    /// <summary>Takes objects out of this scope.</summary>
    public void Detach(params IDisposable[] disposables) => MoveToOther(null, (IEnumerable<IDisposable>)disposables);

    /// <summary>Takes objects out of this scope.</summary>
    public void Detach(IEnumerable<IDisposable> disposables) => MoveToOther(null, disposables);

    /// <summary>Puts an object under this scope, taking it from the scope that had it.</summary>
    public void Attach(IDisposable disposable) => Attach([disposable]);

    /// <summary>Puts objects under this scope.</summary>
    public void Attach(params IDisposable[] disposables) => Attach((IEnumerable<IDisposable>)disposables);

    /// <summary>Puts objects under this scope and returns them.</summary>
    public IReadOnlyList<IDisposable> Attach(IEnumerable<IDisposable> disposables)
    {
        List<IDisposable> list = [.. disposables];
        foreach (IDisposable disposable in list)
        {
            if (disposable is torch.Tensor tensor)
            {
                tensor.OwningDisposeScope?.Forget(tensor);
                Include(tensor);
            }
            else
            {
                _members.Add(disposable);
            }
        }
        return list;
    }

    /// <summary>Disposes what the scope holds; the scope stays open.</summary>
    public void DisposeEverything() => DisposeEverythingBut(Array.Empty<IDisposable>());

    /// <summary>Disposes what the scope holds except <paramref name="inKeep"/>, which leaves the scope.</summary>
    public void DisposeEverythingBut(IEnumerable<IDisposable> inKeep)
    {
        foreach (IDisposable kept in inKeep) MoveOne(null, kept);
        foreach (IDisposable member in _members)
        {
            if (member is torch.Tensor tensor) tensor.OwningDisposeScope = null;
            member.Dispose();
        }
        _members.Clear();
    }

    /// <summary>Disposes what the scope holds except <paramref name="keep"/>, which leaves the scope.</summary>
    public void DisposeEverythingBut(params IDisposable[] keep) => DisposeEverythingBut((IEnumerable<IDisposable>)keep);

    /// <summary>Disposes what the scope holds except <paramref name="keep"/>, which leaves the scope.</summary>
    public T DisposeEverythingBut<T>(T keep) where T : IDisposable
    {
        DisposeEverythingBut([keep]);
        return keep;
    }

    /// <summary>Tells the scope that an object was disposed elsewhere.</summary>
    public void MarkAsDisposed(IDisposable disposable)
    {
        _members.Remove(disposable);
        if (disposable is torch.Tensor tensor) tensor.OwningDisposeScope = null;
    }

    /// <summary>Whether this scope will dispose the object.</summary>
    public bool Contains(IDisposable disposable) => _members.Contains(disposable);

    /// <summary>Disposes what the scope holds and makes the enclosing scope current again.</summary>
    /// <exception cref="InvalidOperationException">An inner scope is still open.</exception>
    public void Dispose()
    {
        if (_disposed) return;
        if (!ReferenceEquals(s_current, this))
            throw new InvalidOperationException("Dispose scopes must be disposed on the thread that opened them, the innermost first.");
        _disposed = true;
        DisposeEverything();
        s_current = OuterScope;
    }

    private void MoveOne(DisposeScope? target, IDisposable disposable)
    {
        if (!_members.Remove(disposable)) return;
        if (disposable is torch.Tensor tensor)
        {
            tensor.OwningDisposeScope = null;
            target?.Include(tensor);
        }
        else
        {
            target?._members.Add(disposable);
        }
    }
}

public static partial class torch
{
    /// <summary>Opens a scope that frees the tensors made in it when it is disposed.</summary>
    public static DisposeScope NewDisposeScope() => new();

    /// <summary>The innermost open scope of this thread, or null.</summary>
    public static DisposeScope? CurrentDisposeScope => DisposeScope.Current;

    /// <summary>Evaluates an expression in a scope of its own; only its result survives.</summary>
    public static Tensor WrappedTensorDisposeScope(Func<Tensor> expr)
    {
        using DisposeScope scope = NewDisposeScope();
        return scope.MoveToOuter(expr());
    }
}
