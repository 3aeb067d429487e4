"""What a study could have seen: the smallest effect it would find, and the effects its interval excludes."""

from __future__ import annotations

from dataclasses import dataclass

from satsurvey.errors import MethodError

POWER = 0.8


@dataclass(frozen=True)
class Power:
    """What an estimate with its error can tell.

    Attributes
    ----------
    detectable
        The smallest true effect, of either sign, that would be significant with probability `power`.
    excluded_beyond
        Effects larger than this, of either sign, are outside the interval.
    null
        Whether the interval covers 0.
    power, level
        Between 0 and 1.
    words
        The statement in English.
    """

    detectable: float
    excluded_beyond: float
    null: bool
    power: float
    level: float
    words: str


def smallest_effect(std_error: float, df: float, *, power: float = POWER, level: float = 0.95) -> float:
    """Return the smallest effect that is significant with a given probability.

    Parameters
    ----------
    std_error
        Of the estimate; not negative.
    df
        Its degrees of freedom; may be infinite.
    power
        Probability of a significant result, over 0.5.
    level
        Of the interval that goes with the test.

    Raises
    ------
    MethodError
        When a probability is out of range, or there are no degrees of freedom.

    Notes
    -----
    (t_((1 + level)/2) + t_power) times the standard error (Bloom, 1995).

    References
    ----------
    Bloom, H. S. (1995). Minimum detectable effects. Evaluation Review 19, 547-556.

    Examples
    --------
    >>> round(smallest_effect(1.0, float("inf")), 4)
    2.8016
    """
    from scipy.special import ndtri, stdtrit

    if not 0.5 < power < 1:
        raise MethodError("the power lies between 0.5 and 1", value=power)
    if not 0 < level < 1:
        raise MethodError("a level lies between 0 and 1", value=level)
    if not df > 0 or not std_error >= 0:
        raise MethodError("an effect that would be seen needs a standard error and degrees of freedom")
    ends = (0.5 + level / 2, power)
    if df == float("inf"):
        return float(sum(ndtri(end) for end in ends)) * std_error
    return float(sum(stdtrit(df, end) for end in ends)) * std_error


def power_of(
    estimate: float, std_error: float, df: float, *, power: float = POWER, level: float = 0.95
) -> Power:
    """Return what an estimate excludes and what the study would have seen; a null is stated as such.

    Parameters
    ----------
    estimate, std_error, df, power, level
        See `smallest_effect`.

    Examples
    --------
    >>> found = power_of(0.2, 0.5, 40.0)
    >>> found.null, found.words
    (True, 'no association found: effects beyond ±1.21 are excluded; effects over 1.44 would have been seen')
    """
    from scipy.special import ndtri, stdtrit

    seen = smallest_effect(std_error, df, power=power, level=level)
    half = float(ndtri(0.5 + level / 2) if df == float("inf") else stdtrit(df, 0.5 + level / 2)) * std_error
    null = abs(estimate) <= half
    beyond = abs(estimate) + half
    words = (
        f"no association found: effects beyond ±{beyond:.3g} are excluded"
        if null
        else f"an association was found: effects outside {estimate - half:.3g} to {estimate + half:.3g} "
        "are excluded"
    )
    words += f"; effects over {seen:.3g} would have been seen"
    return Power(seen, beyond, null, power, level, words)
