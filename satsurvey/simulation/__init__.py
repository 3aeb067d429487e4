"""Surveys with known truth: designs, simulated exports, calibration to published scores, planted defects."""

from satsurvey.simulation.calibrate import ItemSums, Printed
from satsurvey.simulation.contacts import simulate_contacts, write_contacts
from satsurvey.simulation.defects import PlantedDefect
from satsurvey.simulation.design import Design
from satsurvey.simulation.export import write_export, write_truth
from satsurvey.simulation.loading import design_defects, design_from, load_design, plain_design
from satsurvey.simulation.simulate import Simulation, Truth, simulate

__all__ = [
    "Design",
    "ItemSums",
    "PlantedDefect",
    "Printed",
    "Simulation",
    "Truth",
    "design_defects",
    "design_from",
    "load_design",
    "plain_design",
    "simulate",
    "simulate_contacts",
    "write_contacts",
    "write_export",
    "write_truth",
]
