namespace EdgeVit.Quantize;

/// <summary>What takes the place of the derivative of an activation's sign.</summary>
internal enum ActivationGradient
{
    /// <summary>Bi-Real Net's piecewise quadratic: <c>2 - 2|u|</c> for <c>|u| ≤ 1</c>.</summary>
    Quadratic,

    /// <summary>Straight through: 1 for <c>|u| ≤ 1</c>.</summary>
    Straight,

    /// <summary>IR-Net's error decay estimator (Qin et al. 2020): the derivative of <c>k tanh(t u)</c>, <c>k = max(1/t, 1)</c>, wide at the start of a
    /// run and close to the sign's at its end.</summary>
    Annealed,
}
