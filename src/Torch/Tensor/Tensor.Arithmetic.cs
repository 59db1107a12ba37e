using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>The sum with a tensor of a compatible size.</summary>
        public Tensor add(Tensor target) => New(Native.ev_add(H, target.H, Scalar.One), this, target);

        /// <summary>this + alpha * target.</summary>
        public Tensor add(Tensor target, Scalar alpha) => New(Native.ev_add(H, target.H, Scalar.Of(alpha)), this, target);

        /// <summary>The sum with a number.</summary>
        public Tensor add(Scalar scalar) => New(Native.ev_add_s(H, Scalar.Of(scalar), Scalar.One), this);

        /// <summary>this + alpha * scalar.</summary>
        public Tensor add(Scalar scalar, Scalar alpha) => New(Native.ev_add_s(H, Scalar.Of(scalar), Scalar.Of(alpha)), this);

        /// <summary>Adds a tensor in place.</summary>
        public Tensor add_(Tensor target) => Self(Native.ev_add_(H, target.H, Scalar.One), target);

        /// <summary>Adds alpha * target in place.</summary>
        public Tensor add_(Tensor target, Scalar alpha) => Self(Native.ev_add_(H, target.H, Scalar.Of(alpha)), target);

        /// <summary>Adds a number in place.</summary>
        public Tensor add_(Scalar scalar) => Self(Native.ev_add_s_(H, Scalar.Of(scalar), Scalar.One));

        /// <summary>Adds alpha * scalar in place.</summary>
        public Tensor add_(Scalar scalar, Scalar alpha) => Self(Native.ev_add_s_(H, Scalar.Of(scalar), Scalar.Of(alpha)));

        /// <summary>The difference to a tensor.</summary>
        public Tensor sub(Tensor target) => New(Native.ev_sub(H, target.H, Scalar.One), this, target);

        /// <summary>The difference to a number.</summary>
        public Tensor sub(Scalar target) => New(Native.ev_sub_s(H, Scalar.Of(target), Scalar.One), this);

        /// <summary>Subtracts a tensor in place.</summary>
        public Tensor sub_(Tensor target) => Self(Native.ev_sub_(H, target.H, Scalar.One), target);

        /// <summary>Subtracts a number in place.</summary>
        public Tensor sub_(Scalar target) => Self(Native.ev_sub_s_(H, Scalar.Of(target), Scalar.One));

        /// <summary>The quotient with a tensor.</summary>
        public Tensor div(Tensor target, RoundingMode rounding_mode = RoundingMode.None)
            => New(Native.ev_div(H, target.H, (int)rounding_mode), this, target);

        /// <summary>The quotient with a number.</summary>
        public Tensor div(Scalar target, RoundingMode rounding_mode = RoundingMode.None)
            => New(Native.ev_div_s(H, Scalar.Of(target), (int)rounding_mode), this);

        /// <summary>Divides in place, by a tensor.</summary>
        public Tensor div_(Tensor target, RoundingMode rounding_mode = RoundingMode.None)
            => Self(Native.ev_div_(H, target.H, (int)rounding_mode), target);

        /// <summary>Divides in place, by a number.</summary>
        public Tensor div_(Scalar target, RoundingMode rounding_mode = RoundingMode.None)
            => Self(Native.ev_div_s_(H, Scalar.Of(target), (int)rounding_mode));

        /// <summary>The product with a tensor.</summary>
        public Tensor mul(Tensor target) => New(Native.ev_mul(H, target.H), this, target);

        /// <summary>The product with a number.</summary>
        public Tensor mul(Scalar target) => New(Native.ev_mul_s(H, Scalar.Of(target)), this);

        /// <summary>Multiplies in place, with a tensor.</summary>
        public Tensor mul_(Tensor target) => Self(Native.ev_mul_(H, target.H), target);

        /// <summary>Multiplies in place, with a number.</summary>
        public Tensor mul_(Scalar target) => Self(Native.ev_mul_s_(H, Scalar.Of(target)));

        /// <summary>The remainder, with the sign of the divisor, with a tensor.</summary>
        public Tensor remainder(Tensor target) => New(Native.ev_remainder(H, target.H), this, target);

        /// <summary>The remainder, with the sign of the divisor, with a number.</summary>
        public Tensor remainder(Scalar scalar) => New(Native.ev_remainder_s(H, Scalar.Of(scalar)), this);

        /// <summary>Takes the remainder in place, with a tensor.</summary>
        public Tensor remainder_(Tensor target) => Self(Native.ev_remainder_(H, target.H), target);

        /// <summary>Takes the remainder in place, with a number.</summary>
        public Tensor remainder_(Scalar scalar) => Self(Native.ev_remainder_s_(H, Scalar.Of(scalar)));

        /// <summary>The remainder, with the sign of the dividend, with a tensor.</summary>
        public Tensor fmod(Tensor target) => New(Native.ev_fmod(H, target.H), this, target);

        /// <summary>The remainder, with the sign of the dividend, with a number.</summary>
        public Tensor fmod(Scalar scalar) => New(Native.ev_fmod_s(H, Scalar.Of(scalar)), this);

        /// <summary>Takes the remainder in place, with a tensor.</summary>
        public Tensor fmod_(Tensor target) => Self(Native.ev_fmod_(H, target.H), target);

        /// <summary>Takes the remainder in place, with a number.</summary>
        public Tensor fmod_(Scalar scalar) => Self(Native.ev_fmod_s_(H, Scalar.Of(scalar)));

        /// <summary>The power with a tensor.</summary>
        public Tensor pow(Tensor exponent) => New(Native.ev_pow(H, exponent.H), this, exponent);

        /// <summary>The power with a number.</summary>
        public Tensor pow(Scalar exponent) => New(Native.ev_pow_s(H, Scalar.Of(exponent)), this);

        /// <summary>Raises to a power in place, with a tensor.</summary>
        public Tensor pow_(Tensor exponent) => Self(Native.ev_pow_(H, exponent.H), exponent);

        /// <summary>Raises to a power in place, with a number.</summary>
        public Tensor pow_(Scalar exponent) => Self(Native.ev_pow_s_(H, Scalar.Of(exponent)));
    }
}
