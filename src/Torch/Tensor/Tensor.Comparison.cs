using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>Whether the elements equal those of a tensor, as booleans.</summary>
        public Tensor eq(Tensor target) => New(Native.ev_eq(H, target.H), this, target);

        /// <summary>Whether the elements equal a number, as booleans.</summary>
        public Tensor eq(Scalar target) => New(Native.ev_eq_s(H, Scalar.Of(target)), this);

        /// <summary>Overwrites this tensor with whether its elements equal those of a tensor.</summary>
        public Tensor eq_(Tensor target) => Self(Native.ev_eq_(H, target.H), target);

        /// <summary>Overwrites this tensor with whether its elements equal a number.</summary>
        public Tensor eq_(Scalar target) => Self(Native.ev_eq_s_(H, Scalar.Of(target)));

        /// <summary>Whether the elements differ from those of a tensor, as booleans.</summary>
        public Tensor ne(Tensor target) => New(Native.ev_ne(H, target.H), this, target);

        /// <summary>Whether the elements differ from a number, as booleans.</summary>
        public Tensor ne(Scalar target) => New(Native.ev_ne_s(H, Scalar.Of(target)), this);

        /// <summary>Overwrites this tensor with whether its elements differ from those of a tensor.</summary>
        public Tensor ne_(Tensor target) => Self(Native.ev_ne_(H, target.H), target);

        /// <summary>Overwrites this tensor with whether its elements differ from a number.</summary>
        public Tensor ne_(Scalar target) => Self(Native.ev_ne_s_(H, Scalar.Of(target)));

        /// <summary>Whether the elements are less than those of a tensor, as booleans.</summary>
        public Tensor lt(Tensor target) => New(Native.ev_lt(H, target.H), this, target);

        /// <summary>Whether the elements are less than a number, as booleans.</summary>
        public Tensor lt(Scalar target) => New(Native.ev_lt_s(H, Scalar.Of(target)), this);

        /// <summary>Overwrites this tensor with whether its elements are less than those of a tensor.</summary>
        public Tensor lt_(Tensor target) => Self(Native.ev_lt_(H, target.H), target);

        /// <summary>Overwrites this tensor with whether its elements are less than a number.</summary>
        public Tensor lt_(Scalar target) => Self(Native.ev_lt_s_(H, Scalar.Of(target)));

        /// <summary>Whether the elements are at most those of a tensor, as booleans.</summary>
        public Tensor le(Tensor target) => New(Native.ev_le(H, target.H), this, target);

        /// <summary>Whether the elements are at most a number, as booleans.</summary>
        public Tensor le(Scalar target) => New(Native.ev_le_s(H, Scalar.Of(target)), this);

        /// <summary>Overwrites this tensor with whether its elements are at most those of a tensor.</summary>
        public Tensor le_(Tensor target) => Self(Native.ev_le_(H, target.H), target);

        /// <summary>Overwrites this tensor with whether its elements are at most a number.</summary>
        public Tensor le_(Scalar target) => Self(Native.ev_le_s_(H, Scalar.Of(target)));

        /// <summary>Whether the elements are greater than those of a tensor, as booleans.</summary>
        public Tensor gt(Tensor target) => New(Native.ev_gt(H, target.H), this, target);

        /// <summary>Whether the elements are greater than a number, as booleans.</summary>
        public Tensor gt(Scalar target) => New(Native.ev_gt_s(H, Scalar.Of(target)), this);

        /// <summary>Overwrites this tensor with whether its elements are greater than those of a tensor.</summary>
        public Tensor gt_(Tensor target) => Self(Native.ev_gt_(H, target.H), target);

        /// <summary>Overwrites this tensor with whether its elements are greater than a number.</summary>
        public Tensor gt_(Scalar target) => Self(Native.ev_gt_s_(H, Scalar.Of(target)));

        /// <summary>Whether the elements are at least those of a tensor, as booleans.</summary>
        public Tensor ge(Tensor target) => New(Native.ev_ge(H, target.H), this, target);

        /// <summary>Whether the elements are at least a number, as booleans.</summary>
        public Tensor ge(Scalar target) => New(Native.ev_ge_s(H, Scalar.Of(target)), this);

        /// <summary>Overwrites this tensor with whether its elements are at least those of a tensor.</summary>
        public Tensor ge_(Tensor target) => Self(Native.ev_ge_(H, target.H), target);

        /// <summary>Overwrites this tensor with whether its elements are at least a number.</summary>
        public Tensor ge_(Scalar target) => Self(Native.ev_ge_s_(H, Scalar.Of(target)));

        /// <summary>Whether both are not zero.</summary>
        public Tensor logical_and(Tensor other) => New(Native.ev_logical_and(H, other.H), this, other);

        /// <summary>Whether both are not zero, in place.</summary>
        public Tensor logical_and_(Tensor other) => Self(Native.ev_logical_and_(H, other.H), other);

        /// <summary>Bitwise and; logical for booleans.</summary>
        public Tensor bitwise_and(Tensor other) => New(Native.ev_bitwise_and(H, other.H), this, other);

        /// <summary>Bitwise and in place.</summary>
        public Tensor bitwise_and_(Tensor other) => Self(Native.ev_bitwise_and_(H, other.H), other);

        /// <summary>Whether either is not zero.</summary>
        public Tensor logical_or(Tensor other) => New(Native.ev_logical_or(H, other.H), this, other);

        /// <summary>Whether either is not zero, in place.</summary>
        public Tensor logical_or_(Tensor other) => Self(Native.ev_logical_or_(H, other.H), other);

        /// <summary>Bitwise or; logical for booleans.</summary>
        public Tensor bitwise_or(Tensor other) => New(Native.ev_bitwise_or(H, other.H), this, other);

        /// <summary>Bitwise or in place.</summary>
        public Tensor bitwise_or_(Tensor other) => Self(Native.ev_bitwise_or_(H, other.H), other);

        /// <summary>Whether exactly one is not zero.</summary>
        public Tensor logical_xor(Tensor other) => New(Native.ev_logical_xor(H, other.H), this, other);

        /// <summary>Whether exactly one is not zero, in place.</summary>
        public Tensor logical_xor_(Tensor other) => Self(Native.ev_logical_xor_(H, other.H), other);

        /// <summary>Bitwise xor; logical for booleans.</summary>
        public Tensor bitwise_xor(Tensor other) => New(Native.ev_bitwise_xor(H, other.H), this, other);

        /// <summary>Bitwise xor in place.</summary>
        public Tensor bitwise_xor_(Tensor other) => Self(Native.ev_bitwise_xor_(H, other.H), other);
    }
}
