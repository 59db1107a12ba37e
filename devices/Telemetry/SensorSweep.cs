namespace EdgeVit.Devices;

/// <summary>Asks all sensors of a machine again and again, whatever one of them does.</summary>
internal sealed class SensorSweep : IDisposable
{
    /// <summary>The slowest sensor that answers, the power chip of a Raspberry Pi 5, needs 23 ms; the rest is for a machine whose cores are all
    /// busy, where a thread of low priority waits.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly BoardSensors _board;
    private readonly PatientThread _thread;
    private readonly List<PatientThread.Step> _searches = [];
    private readonly List<(Sensor Sensor, PatientThread.Step Step)> _sensors = [];
    private readonly Dictionary<Sensor, Reading> _readings = [];
    private readonly List<Reading> _failedSearches = [];
    private bool _searched;

    public SensorSweep(BoardSensors board, TimeSpan? patience = null)
    {
        _board = board;
        _thread = new PatientThread("telemetry", patience ?? Patience);
        foreach (ISensorSource source in board.Sources)
        {
            _searches.Add(new PatientThread.Step(
                () =>
                {
                    try
                    {
                        IReadOnlyList<Sensor> found = [.. source.Find()];
                        return () => _sensors.AddRange(found.Select(s => (s, StepOf(s))));
                    }
                    catch (Exception e) when (e is not OutOfMemoryException)
                    {
                        return () => _failedSearches.Add(new Reading(source.Kind, source.Name, null, e.Message));
                    }
                },
                _ => _failedSearches.Add(new Reading(source.Kind, source.Name, null, "looking for these sensors hangs"))));
        }
    }

    public TimeSpan CpuTime => _thread.CpuTime;

    public IReadOnlyList<Reading> Read()
    {
        if (!_searched)
        {
            _searched = true;
            _thread.Run(_searches);
        }

        _thread.Run([.. _sensors.Select(s => s.Step)]);
        Reading[] readings = [.. _sensors.Select(s => _readings[s.Sensor]), .. _failedSearches];
        return [.. readings, .. _board.Lacks(readings.Select(r => r.Kind))];
    }

    public void Dispose() => _thread.Dispose();

    private PatientThread.Step StepOf(Sensor sensor) => new(
        () =>
        {
            Reading reading = sensor.Read();
            return () => _readings[sensor] = reading;
        },
        hung => _readings[sensor] = sensor.Of(null, $"the sensor has not answered for {Math.Max(0.1, hung.TotalSeconds):F1} s"));
}
