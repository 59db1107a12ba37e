using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>Sum of two tensors.</summary>
        public static Tensor operator +(Tensor left, Tensor right) => left.add(right);

        /// <summary>Sum of a tensor and a number.</summary>
        public static Tensor operator +(Tensor left, Scalar right) => left.add(right);

        /// <summary>Sum of a number and a tensor.</summary>
        public static Tensor operator +(Scalar left, Tensor right) => right.add(left);

        /// <summary>Sum of a tensor and a number.</summary>
        public static Tensor operator +(Tensor left, int right) => left.add(right);

        /// <summary>Sum of a number and a tensor.</summary>
        public static Tensor operator +(int left, Tensor right) => right.add(left);

        /// <summary>Sum of a tensor and a number.</summary>
        public static Tensor operator +(Tensor left, long right) => left.add(right);

        /// <summary>Sum of a number and a tensor.</summary>
        public static Tensor operator +(long left, Tensor right) => right.add(left);

        /// <summary>Sum of a tensor and a number.</summary>
        public static Tensor operator +(Tensor left, float right) => left.add(right);

        /// <summary>Sum of a number and a tensor.</summary>
        public static Tensor operator +(float left, Tensor right) => right.add(left);

        /// <summary>Sum of a tensor and a number.</summary>
        public static Tensor operator +(Tensor left, double right) => left.add(right);

        /// <summary>Sum of a number and a tensor.</summary>
        public static Tensor operator +(double left, Tensor right) => right.add(left);

        /// <summary>Difference of two tensors.</summary>
        public static Tensor operator -(Tensor left, Tensor right) => left.sub(right);

        /// <summary>Difference of a tensor and a number.</summary>
        public static Tensor operator -(Tensor left, Scalar right) => left.sub(right);

        /// <summary>Difference of a number and a tensor.</summary>
        public static Tensor operator -(Scalar left, Tensor right) => New(Native.ev_rsub_s(right.H, Scalar.Of(left)), right);

        /// <summary>Difference of a tensor and a number.</summary>
        public static Tensor operator -(Tensor left, int right) => left.sub(right);

        /// <summary>Difference of a number and a tensor.</summary>
        public static Tensor operator -(int left, Tensor right) => New(Native.ev_rsub_s(right.H, Scalar.Of((Scalar)left)), right);

        /// <summary>Difference of a tensor and a number.</summary>
        public static Tensor operator -(Tensor left, long right) => left.sub(right);

        /// <summary>Difference of a number and a tensor.</summary>
        public static Tensor operator -(long left, Tensor right) => New(Native.ev_rsub_s(right.H, Scalar.Of((Scalar)left)), right);

        /// <summary>Difference of a tensor and a number.</summary>
        public static Tensor operator -(Tensor left, float right) => left.sub(right);

        /// <summary>Difference of a number and a tensor.</summary>
        public static Tensor operator -(float left, Tensor right) => New(Native.ev_rsub_s(right.H, Scalar.Of((Scalar)left)), right);

        /// <summary>Difference of a tensor and a number.</summary>
        public static Tensor operator -(Tensor left, double right) => left.sub(right);

        /// <summary>Difference of a number and a tensor.</summary>
        public static Tensor operator -(double left, Tensor right) => New(Native.ev_rsub_s(right.H, Scalar.Of((Scalar)left)), right);

        /// <summary>Product of two tensors.</summary>
        public static Tensor operator *(Tensor left, Tensor right) => left.mul(right);

        /// <summary>Product of a tensor and a number.</summary>
        public static Tensor operator *(Tensor left, Scalar right) => left.mul(right);

        /// <summary>Product of a number and a tensor.</summary>
        public static Tensor operator *(Scalar left, Tensor right) => right.mul(left);

        /// <summary>Product of a tensor and a number.</summary>
        public static Tensor operator *(Tensor left, int right) => left.mul(right);

        /// <summary>Product of a number and a tensor.</summary>
        public static Tensor operator *(int left, Tensor right) => right.mul(left);

        /// <summary>Product of a tensor and a number.</summary>
        public static Tensor operator *(Tensor left, long right) => left.mul(right);

        /// <summary>Product of a number and a tensor.</summary>
        public static Tensor operator *(long left, Tensor right) => right.mul(left);

        /// <summary>Product of a tensor and a number.</summary>
        public static Tensor operator *(Tensor left, float right) => left.mul(right);

        /// <summary>Product of a number and a tensor.</summary>
        public static Tensor operator *(float left, Tensor right) => right.mul(left);

        /// <summary>Product of a tensor and a number.</summary>
        public static Tensor operator *(Tensor left, double right) => left.mul(right);

        /// <summary>Product of a number and a tensor.</summary>
        public static Tensor operator *(double left, Tensor right) => right.mul(left);

        /// <summary>Quotient of two tensors.</summary>
        public static Tensor operator /(Tensor left, Tensor right) => left.div(right);

        /// <summary>Quotient of a tensor and a number.</summary>
        public static Tensor operator /(Tensor left, Scalar right) => left.div(right);

        /// <summary>Quotient of a number and a tensor.</summary>
        public static Tensor operator /(Scalar left, Tensor right) => Reciprocal(left, right);

        /// <summary>Quotient of a tensor and a number.</summary>
        public static Tensor operator /(Tensor left, int right) => left.div(right);

        /// <summary>Quotient of a number and a tensor.</summary>
        public static Tensor operator /(int left, Tensor right) => Reciprocal(left, right);

        /// <summary>Quotient of a tensor and a number.</summary>
        public static Tensor operator /(Tensor left, long right) => left.div(right);

        /// <summary>Quotient of a number and a tensor.</summary>
        public static Tensor operator /(long left, Tensor right) => Reciprocal(left, right);

        /// <summary>Quotient of a tensor and a number.</summary>
        public static Tensor operator /(Tensor left, float right) => left.div(right);

        /// <summary>Quotient of a number and a tensor.</summary>
        public static Tensor operator /(float left, Tensor right) => Reciprocal(left, right);

        /// <summary>Quotient of a tensor and a number.</summary>
        public static Tensor operator /(Tensor left, double right) => left.div(right);

        /// <summary>Quotient of a number and a tensor.</summary>
        public static Tensor operator /(double left, Tensor right) => Reciprocal(left, right);

        private static Tensor Reciprocal(Scalar left, Tensor right)
        {
            using Tensor inverse = right.reciprocal();
            return inverse.mul(left);
        }

        /// <summary>Remainder, with the sign of the divisor.</summary>
        public static Tensor operator %(Tensor left, Tensor right) => left.remainder(right);

        /// <summary>Remainder, with the sign of the divisor.</summary>
        public static Tensor operator %(Tensor left, Scalar right) => left.remainder(right);

        /// <summary>Negated values.</summary>
        public static Tensor operator -(Tensor tensor) => tensor.neg();

        /// <summary>Bitwise and; logical and for booleans.</summary>
        public static Tensor operator &(Tensor left, Tensor right) => left.bitwise_and(right);

        /// <summary>Bitwise or; logical or for booleans.</summary>
        public static Tensor operator |(Tensor left, Tensor right) => left.bitwise_or(right);

        /// <summary>Bitwise exclusive or.</summary>
        public static Tensor operator ^(Tensor left, Tensor right) => left.bitwise_xor(right);

        /// <summary>Bitwise not; logical not for booleans.</summary>
        public static Tensor operator ~(Tensor left) => left.bitwise_not();

        /// <summary>Element by element: left &lt; right.</summary>
        public static Tensor operator <(Tensor left, Tensor right) => left.lt(right);

        /// <summary>Element by element: left &lt; right.</summary>
        public static Tensor operator <(Tensor left, Scalar right) => left.lt(right);

        /// <summary>Element by element: left &lt; right.</summary>
        public static Tensor operator <(Scalar left, Tensor right) => right.gt(left);

        /// <summary>Element by element: left &lt;= right.</summary>
        public static Tensor operator <=(Tensor left, Tensor right) => left.le(right);

        /// <summary>Element by element: left &lt;= right.</summary>
        public static Tensor operator <=(Tensor left, Scalar right) => left.le(right);

        /// <summary>Element by element: left &lt;= right.</summary>
        public static Tensor operator <=(Scalar left, Tensor right) => right.ge(left);

        /// <summary>Element by element: left &gt; right.</summary>
        public static Tensor operator >(Tensor left, Tensor right) => left.gt(right);

        /// <summary>Element by element: left &gt; right.</summary>
        public static Tensor operator >(Tensor left, Scalar right) => left.gt(right);

        /// <summary>Element by element: left &gt; right.</summary>
        public static Tensor operator >(Scalar left, Tensor right) => right.lt(left);

        /// <summary>Element by element: left &gt;= right.</summary>
        public static Tensor operator >=(Tensor left, Tensor right) => left.ge(right);

        /// <summary>Element by element: left &gt;= right.</summary>
        public static Tensor operator >=(Tensor left, Scalar right) => left.ge(right);

        /// <summary>Element by element: left &gt;= right.</summary>
        public static Tensor operator >=(Scalar left, Tensor right) => right.le(left);

        /// <summary>Element by element: left == right.</summary>
        public static Tensor operator ==(Tensor left, Tensor right) => left.eq(right);

        /// <summary>Element by element: left == right.</summary>
        public static Tensor operator ==(Tensor left, Scalar right) => left.eq(right);

        /// <summary>Element by element: left == right.</summary>
        public static Tensor operator ==(Scalar left, Tensor right) => right.eq(left);

        /// <summary>Element by element: left != right.</summary>
        public static Tensor operator !=(Tensor left, Tensor right) => left.ne(right);

        /// <summary>Element by element: left != right.</summary>
        public static Tensor operator !=(Tensor left, Scalar right) => left.ne(right);

        /// <summary>Element by element: left != right.</summary>
        public static Tensor operator !=(Scalar left, Tensor right) => right.ne(left);

        /// <summary>A tensor of no dimensions with this value.</summary>
        public static implicit operator Tensor(byte value) => torch.tensor(value);

        /// <summary>A tensor of one dimension with these values.</summary>
        public static implicit operator Tensor(byte[] value) => torch.tensor(value);

        /// <summary>A tensor of no dimensions with this value.</summary>
        public static implicit operator Tensor(sbyte value) => torch.tensor(value);

        /// <summary>A tensor of one dimension with these values.</summary>
        public static implicit operator Tensor(sbyte[] value) => torch.tensor(value);

        /// <summary>A tensor of no dimensions with this value.</summary>
        public static implicit operator Tensor(short value) => torch.tensor(value);

        /// <summary>A tensor of one dimension with these values.</summary>
        public static implicit operator Tensor(short[] value) => torch.tensor(value);

        /// <summary>A tensor of no dimensions with this value.</summary>
        public static implicit operator Tensor(int value) => torch.tensor(value);

        /// <summary>A tensor of one dimension with these values.</summary>
        public static implicit operator Tensor(int[] value) => torch.tensor(value);

        /// <summary>A tensor of no dimensions with this value.</summary>
        public static implicit operator Tensor(long value) => torch.tensor(value);

        /// <summary>A tensor of one dimension with these values.</summary>
        public static implicit operator Tensor(long[] value) => torch.tensor(value);

        /// <summary>A tensor of no dimensions with this value.</summary>
        public static implicit operator Tensor(float value) => torch.tensor(value);

        /// <summary>A tensor of one dimension with these values.</summary>
        public static implicit operator Tensor(float[] value) => torch.tensor(value);

        /// <summary>A tensor of no dimensions with this value.</summary>
        public static implicit operator Tensor(double value) => torch.tensor(value);

        /// <summary>A tensor of one dimension with these values.</summary>
        public static implicit operator Tensor(double[] value) => torch.tensor(value);

        /// <summary>A tensor of no dimensions with this value.</summary>
        public static implicit operator Tensor(bool value) => torch.tensor(value);

        /// <summary>A tensor of one dimension with these values.</summary>
        public static implicit operator Tensor(bool[] value) => torch.tensor(value);

        /// <summary>A tensor of no dimensions with this value.</summary>
        public static implicit operator Tensor(Scalar scalar)
            => torch.full([], scalar, scalar.Type == ScalarType.Float64 ? get_default_dtype() : scalar.Type);

        /// <summary>The only element, as a single-precision number.</summary>
        public static explicit operator float(Tensor value) => value.ToSingle();

        /// <summary>The only element, as a double-precision number.</summary>
        public static explicit operator double(Tensor value) => value.ToDouble();

        /// <summary>The only element, as a 64-bit integer.</summary>
        public static explicit operator long(Tensor value) => value.ToInt64();

        /// <summary>The only element, as a 32-bit integer.</summary>
        public static explicit operator int(Tensor value) => value.ToInt32();

        /// <summary>Whether the only element is not zero.</summary>
        public static explicit operator bool(Tensor value) => value.ToBoolean();

        /// <summary>Whether both are the same object; use eq() to compare elements.</summary>
        public override bool Equals(object? obj) => ReferenceEquals(this, obj);

        /// <inheritdoc/>
        public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
    }
}
