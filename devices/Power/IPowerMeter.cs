namespace EdgeVit.Devices;

/// <summary>A meter in the supply of the whole board, such as an INA219 on the I2C bus.</summary>
public interface IPowerMeter
{
    /// <summary>Its name in results.</summary>
    string Name { get; }

    /// <summary>The power now, W. An exception's message is the reason why it could not be measured.</summary>
    double ReadWatts();
}
