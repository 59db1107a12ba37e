namespace EdgeVit.Devices.Iot.Tests;

/// <summary>A clock that stands until it is moved; timers run on the thread that moves it.</summary>
internal sealed class ManualClock : TimeProvider
{
    private readonly List<Alarm> _alarms = [];
    private long _now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var alarm = new Alarm(this, () => callback(state));
        _alarms.Add(alarm);
        alarm.Change(dueTime, period);
        return alarm;
    }

    public void Move(double milliseconds)
    {
        long end = _now + (long)(milliseconds * TimeSpan.TicksPerMillisecond);
        while (_alarms.Where(a => a.Due <= end).MinBy(a => a.Due) is { } next)
        {
            _now = Math.Max(_now, next.Due!.Value);
            next.Due = null;
            next.Ring();
        }

        _now = end;
    }

    private sealed class Alarm(ManualClock clock, Action ring) : ITimer
    {
        public Action Ring => ring;

        public long? Due { get; set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Assert.Equal(Timeout.InfiniteTimeSpan, period);
            Due = dueTime == Timeout.InfiniteTimeSpan ? null : clock._now + dueTime.Ticks;
            return true;
        }

        public void Dispose() => clock._alarms.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
