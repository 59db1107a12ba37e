using System.Diagnostics;
using EdgeVit.Devices;
using Prometheus;

namespace EdgeVit.Serve;

/// <summary>Temperature, power and throttling of the machine, and this process's memory, as gauges. Sensors are asked at most every two seconds, however
/// often somebody scrapes.</summary>
internal sealed class MachineReadings : IDisposable
{
    private static readonly TimeSpan s_fresh = TimeSpan.FromSeconds(2);

    private readonly SensorSweep _sensors = new(new BoardSensors());
    private readonly SemaphoreSlim _one = new(1);
    private long _read = -1;

    /// <summary>Declares the gauges and fills them before each collection.</summary>
    public void AddTo(MetricFactory metrics, CollectorRegistry registry)
    {
        Gauge celsius = metrics.CreateGauge("edgevit_temperature_celsius", "Temperature by sensor.", "sensor");
        Gauge watts = metrics.CreateGauge("edgevit_power_watts", "Power by sensor.", "sensor");
        Gauge throttled = metrics.CreateGauge("edgevit_throttled", "1 while the firmware slows the board down; absent where it cannot be asked.", "sensor");
        Gauge resident = metrics.CreateGauge("process_resident_memory_bytes", "Resident memory of the server.");
        Gauge peak = metrics.CreateGauge("edgevit_peak_memory_bytes", "The most memory that was ever resident.");
        registry.AddBeforeCollectCallback(async cancellation =>
        {
            ProcessMemory memory = ProcessMemory.Read();
            resident.Set(memory.ResidentBytes);
            peak.Set(memory.PeakBytes);
            await _one.WaitAsync(cancellation);
            try
            {
                if (_read >= 0 && Stopwatch.GetElapsedTime(_read) < s_fresh)
                {
                    return;
                }

                foreach (Reading reading in await Task.Run(_sensors.Read, cancellation))
                {
                    Set(reading);
                }

                _read = Stopwatch.GetTimestamp();
            }
            finally
            {
                _one.Release();
            }
        });

        void Set(Reading reading)
        {
            Gauge? gauge = reading.Kind switch
            {
                SensorKind.Temperature => celsius,
                SensorKind.Power => watts,
                SensorKind.Throttle => throttled,
                _ => null,
            };
            if (gauge is null)
            {
                return;
            }

            if (reading.Value is { } value)
            {
                gauge.WithLabels(reading.Sensor).Set(reading.Kind == SensorKind.Throttle ? (new ThrottleState((uint)value).Now ? 1 : 0) : value);
            }
            else
            {
                gauge.RemoveLabelled(reading.Sensor);
            }
        }
    }

    public void Dispose()
    {
        _sensors.Dispose();
        _one.Dispose();
    }
}
